//! Documents: `inspect` of one or several objects, as JSON or through a template.
//!
//! Leaves finding an object to the commands. Invariant: what was found is printed even when
//! something else was not; then the errors, and exit code 1.

use std::process::ExitCode;

use crate::commands::command::Outcome;
use crate::error::Error;
use crate::output;
use crate::render::json::{compact, indented};
use crate::render::list::escapes;
use crate::render::template::Template;
use crate::render::value::Value;

/// Prints the documents of `names` in `format`.
pub(crate) fn inspect(
    names: &[String],
    format: &str,
    mut find: impl FnMut(&str) -> Result<Value, Error>,
) -> Outcome {
    let template = template(format)?;
    let mut found = Vec::new();
    let mut failed = Vec::new();
    for name in names {
        match find(name) {
            Ok(document) => found.push(document),
            Err(error) => failed.push(error),
        }
    }
    let (text, wrong) = render(&found, format, template.as_ref());
    failed.extend(wrong);
    output::print(&text)?;
    for error in &failed {
        output::complain(error);
    }
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn template(format: &str) -> Result<Option<Template>, Error> {
    if matches!(format, "" | "json") {
        return Ok(None);
    }
    let failed = |text| Error::Template {
        text: format!("template parsing error: {text}"),
        code: 64,
    };
    Template::parse(&escapes(format)).map(Some).map_err(failed)
}

/// The text of what was found; for a template that cannot be followed, up to there and why.
fn render(found: &[Value], format: &str, template: Option<&Template>) -> (String, Option<Error>) {
    let Some(template) = template else {
        let list = Value::List(found.to_vec());
        let text = if format == "json" {
            compact(&list)
        } else {
            indented(&list)
        };
        return (format!("{text}\n"), None);
    };
    let mut text = String::new();
    for document in found {
        match template.render(document) {
            Ok(line) => text.push_str(&line),
            Err(why) => {
                let text_of_error = format!("template parsing error: {why}");
                text.push('\n');
                return (
                    text,
                    Some(Error::Template {
                        text: text_of_error,
                        code: 1,
                    }),
                );
            }
        }
        text.push('\n');
    }
    if found.is_empty() {
        text.push('\n');
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_printed_as_docker_prints_them() {
        let found = vec![Value::from_json(r#"{"Id":"a","Names":[]}"#).unwrap()];
        let shown = |found: &[Value], format: &str| {
            let template = template(format).unwrap();
            let (text, error) = render(found, format, template.as_ref());
            (text, error.map(|e| e.to_string()))
        };
        assert_eq!(
            shown(&found, ""),
            (
                "[\n    {\n        \"Id\": \"a\",\n        \"Names\": []\n    }\n]\n".into(),
                None
            )
        );
        assert_eq!(
            shown(&found, "json"),
            ("[{\"Id\":\"a\",\"Names\":[]}]\n".into(), None)
        );
        assert_eq!(shown(&found, "{{.Id}}"), ("a\n".into(), None));
        assert_eq!(shown(&[], ""), ("[]\n".into(), None));
        assert_eq!(shown(&[], "{{.Id}}"), ("\n".into(), None));
        let (text, error) = shown(&found, "{{.Foo}}");
        assert_eq!(text, "\n");
        assert!(
            error
                .unwrap()
                .starts_with("template parsing error: template: :1:2:")
        );
        assert!(matches!(
            template("{{"),
            Err(Error::Template { code: 64, .. })
        ));
    }
}
