//! Lists: one row per object, through a template or as a table with headers.
//!
//! Leaves the fields of a row to the command that lists. Invariant: `--format` means the same for
//! every list: `table`, `table TEMPLATE`, `json`, `raw` where docker has it, or a template.

use std::rc::Rc;

use super::table::align;
use super::template::Template;
use super::value::{Shape, Value};
use crate::error::Error;

/// One kind of list.
pub(crate) struct Listing {
    /// Docker's name of a row's type, in errors.
    pub(crate) kind: &'static str,
    /// Each field of a row and the header of its column.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The template of `table` without one.
    pub(crate) table: String,
    /// The template of `raw`, where there is one.
    pub(crate) raw: &'static str,
}

impl Listing {
    /// A row of this list.
    pub(crate) fn row(&self, fields: Vec<(&'static str, Value)>) -> Value {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Value::Map(fields, Shape::Row(self.kind))
    }

    /// The text of `rows` in `format`.
    pub(crate) fn render(&self, format: &str, rows: &[Value]) -> Result<String, Error> {
        let format = format.trim();
        let (table, source) = match format {
            "" | "table" => (true, self.table.clone()),
            "json" => (false, "{{json .}}".to_owned()),
            "raw" if !self.raw.is_empty() => (false, self.raw.to_owned()),
            _ => match format.strip_prefix("table") {
                Some(rest) => (true, rest.trim().to_owned()),
                None => (false, format.to_owned()),
            },
        };
        let source = escapes(&source);
        let template = Template::parse(&source)
            .map_err(|text| failed(format!("failed to parse template: {text}")))?;
        let executed = |text: String| failed(format!("failed to execute template: {text}"));
        let mut out = String::new();
        if table {
            out.push_str(&template.render_header(&self.header()).map_err(executed)?);
            out.push('\n');
        }
        for row in rows {
            out.push_str(&template.render(row).map_err(executed)?);
            out.push('\n');
        }
        Ok(if table { align(&out, 10) } else { out })
    }

    /// The row of headers.
    fn header(&self) -> Value {
        let named = |(field, header): &(&'static str, &'static str)| (*field, Value::text(*header));
        let mut fields: Vec<_> = self.headers.iter().map(named).collect();
        if fields.iter().any(|(name, _)| *name == "Labels") {
            fields.push(("Label", Value::Method(Rc::new(label_header))));
        }
        self.row(fields)
    }
}

/// The header of `.Label "a.b.some-name"`: `some name`.
fn label_header(arguments: &[Value]) -> Result<Value, String> {
    let [Value::Text(name)] = arguments else {
        return Err(format!(
            "wrong number of args for Label: want 1 got {}",
            arguments.len()
        ));
    };
    let last = name.rsplit('.').next().unwrap_or(name);
    Ok(Value::Text(last.replace(['-', '_'], " ")))
}

/// `\t` and `\n` as typed in a shell.
pub(crate) fn escapes(source: &str) -> String {
    source.replace("\\t", "\t").replace("\\n", "\n")
}

fn failed(text: String) -> Error {
    Error::Template { text, code: 1 }
}

/// A method that gives a label's value.
pub(crate) fn label_method(labels: std::collections::BTreeMap<String, String>) -> Value {
    Value::Method(Rc::new(move |arguments| match arguments {
        [Value::Text(name)] => Ok(Value::text(labels.get(name).cloned().unwrap_or_default())),
        _ => Err(format!(
            "wrong number of args for Label: want 1 got {}",
            arguments.len()
        )),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        Listing {
            kind: "formatter.ContainerContext",
            headers: &[
                ("ID", "CONTAINER ID"),
                ("Image", "IMAGE"),
                ("Labels", "LABELS"),
            ],
            table: "{{.ID}}\\t{{.Image}}".into(),
            raw: "",
        }
    }

    fn rows() -> Vec<Value> {
        let labels = [("a".to_owned(), "1".to_owned())].into_iter().collect();
        let row = |id: &str, image: &str, label: Value| {
            let fields = vec![
                ("ID", Value::text(id)),
                ("Image", Value::text(image)),
                ("Label", label),
            ];
            listing().row(fields)
        };
        vec![
            row("aaaaaaaaaaaa", "busybox:latest", label_method(labels)),
            row(
                "cccccccccccc",
                "dddddddddddd",
                label_method(Default::default()),
            ),
        ]
    }

    fn check(format: &str, expected: &str) {
        assert_eq!(
            listing().render(format, &rows()).unwrap(),
            expected,
            "{format}"
        );
    }

    #[test]
    fn lists_look_like_dockers() {
        let plain =
            "CONTAINER ID   IMAGE\naaaaaaaaaaaa   busybox:latest\ncccccccccccc   dddddddddddd\n";
        check("", plain);
        check("table", plain);
        check(
            "table {{json .ID}}\\t{{upper .Image}}",
            "CONTAINER ID     IMAGE\n\"aaaaaaaaaaaa\"   BUSYBOX:LATEST\n\"cccccccccccc\"   DDDDDDDDDDDD\n",
        );
        check(
            "table {{.ID}} {{.Image}}",
            "CONTAINER ID IMAGE\naaaaaaaaaaaa busybox:latest\ncccccccccccc dddddddddddd\n",
        );
        check("{{.ID}}", "aaaaaaaaaaaa\ncccccccccccc\n");
        check("table {{.Label \"a\"}}", "a\n1\n\n");
        check(
            "json",
            "{\"ID\":\"aaaaaaaaaaaa\",\"Image\":\"busybox:latest\"}\n{\"ID\":\"cccccccccccc\",\"Image\":\"dddddddddddd\"}\n",
        );
        check("pretty", "pretty\npretty\n");
    }

    #[test]
    fn wrong_templates_are_told_in_dockers_words() {
        let text = |format: &str| listing().render(format, &rows()).unwrap_err().to_string();
        assert_eq!(
            text("{{.Foo}}"),
            "failed to execute template: template: :1:2: executing \"\" at <.Foo>: can't evaluate \
             field Foo in type *formatter.ContainerContext"
        );
        assert_eq!(
            text("{{.ID"),
            "failed to parse template: template: :1: unclosed action"
        );
        assert!(text("{{.Label}}").contains("wrong number of args for Label: want 1 got 0"));
    }
}
