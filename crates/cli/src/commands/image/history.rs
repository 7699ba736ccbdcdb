//! `hull history`.

use std::process::ExitCode;

use hull_image::history::Step;
use hull_model::size::human_with;
use hull_model::time::Timestamp;

use super::short::short;
use crate::commands::command::{Command, Outcome};
use crate::commands::filters::FORMAT;
use crate::context::{Context, now};
use crate::grammar::flag::{Flag, one, switch, switch_on};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;
use crate::render::list::Listing;
use crate::render::moment::{ago, rfc3339_local};
use crate::render::table::ellipsis;
use crate::render::value::Value;

/// `hull history`.
pub(crate) const COMMAND: Command = Command::new(
    &["history", "image history"],
    "Show how an image was made",
    history,
)
.takes("IMAGE", 1..=1, Completes::Images)
.flags(&[FLAGS])
.examples(&[("hull history --no-trunc busybox", "Every step in full")]);

const FLAGS: &[Flag] = &[
    FORMAT,
    switch_on("human", "Show sizes and times for people").short('H'),
    switch("no-trunc", "Do not shorten anything"),
    one(
        "platform",
        "string",
        "The image's variant for this platform",
    )
    .later("images of several platforms"),
    switch("quiet", "Only ids").short('q'),
];

const HEADERS: &[(&str, &str)] = &[
    ("ID", "IMAGE"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedBy", "CREATED BY"),
    ("Size", "SIZE"),
    ("Comment", "COMMENT"),
];

const MISSING: &str = "<missing>";

fn listing((quiet, human): (bool, bool)) -> Listing {
    let table = match (quiet, human) {
        (true, _) => "{{.ID}}",
        (false, true) => "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
        (false, false) => "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
    };
    Listing {
        kind: "formatter.historyContext",
        headers: HEADERS,
        table: table.into(),
        raw: "",
    }
}

fn history(context: &Context, parsed: &Parsed) -> Outcome {
    let steps = context.engine()?.images().history(parsed.word(0))?;
    let (human, truncate) = (parsed.is("human"), !parsed.is("no-trunc"));
    let quiet = parsed.is("quiet");
    let listing = listing((quiet, human));
    let now = now();
    let rows: Vec<Value> = steps
        .iter()
        .map(|step| row(&listing, step, (human, truncate), now))
        .collect();
    let text = match (quiet, parsed.text("format").unwrap_or_default()) {
        (true, _) => listing.render("{{.ID}}", &rows)?,
        (false, format) => listing.render(format, &rows)?,
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn row(listing: &Listing, step: &Step, (human, truncate): (bool, bool), now: Timestamp) -> Value {
    let id = match &step.id {
        None => MISSING.to_owned(),
        Some(id) if truncate => short(id.as_str()),
        Some(id) => id.as_str().to_owned(),
    };
    let by = step.created_by.replace('\t', " ");
    let by = if truncate { ellipsis(&by, 45) } else { by };
    let size = if human {
        human_with(step.size, 3)
    } else {
        step.size.to_string()
    };
    let created = step.created.filter(|time| time.0 > 0);
    let since = created.map_or_else(|| "N/A".to_owned(), |time| ago(time, now));
    let at = created.map_or_else(String::new, rfc3339_local);
    listing.row(vec![
        ("ID", Value::Text(id)),
        (
            "CreatedSince",
            Value::Text(if human { since } else { at.clone() }),
        ),
        ("CreatedAt", Value::Text(at)),
        ("CreatedBy", Value::Text(by)),
        ("Size", Value::Text(size)),
        ("Comment", Value::text(&*step.comment)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_323_045_000_000_000);

    fn steps() -> Vec<Step> {
        let step = |by: &str, size: u64, comment: &str| Step {
            id: None,
            created: Some(Timestamp(NOW.0 - 40 * 86_400_000_000_000)),
            created_by: by.into(),
            size,
            comment: comment.into(),
            tags: Vec::new(),
        };
        let id = format!("sha256:{}", "b".repeat(64)).parse().ok();
        let mut newest = step(
            "/bin/sh -c #(nop)  CMD [\"sh\"] and a very long tail of words to be truncated",
            0,
            "",
        );
        newest.id = id;
        vec![
            newest,
            step("/bin/sh -c #(nop) ADD file:1 in / ", 4_261_502, "imported"),
        ]
    }

    fn check((human, truncate): (bool, bool), expected: &str) {
        let listing = listing((false, human));
        let rows: Vec<Value> = steps()
            .iter()
            .map(|step| row(&listing, step, (human, truncate), NOW))
            .collect();
        assert_eq!(listing.render("", &rows).unwrap(), expected);
    }

    /// Recorded from docker 28.2's client, given the same two steps.
    #[test]
    fn tables_are_dockers() {
        check(
            (true, true),
            "\
IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT
bbbbbbbbbbbb   5 weeks ago   /bin/sh -c #(nop)  CMD [\"sh\"] and a very lon…   0B        
<missing>      5 weeks ago   /bin/sh -c #(nop) ADD file:1 in /               4.26MB    imported
",
        );
        check((false, false), "\
IMAGE                                                                     CREATED AT             CREATED BY                                                                    SIZE      COMMENT
sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb   2025-11-23T03:04:05Z   /bin/sh -c #(nop)  CMD [\"sh\"] and a very long tail of words to be truncated   0         
<missing>                                                                 2025-11-23T03:04:05Z   /bin/sh -c #(nop) ADD file:1 in /                                             4261502   imported
");
    }
}
