//! `hull events`.

use std::process::ExitCode;

use hull_engine::system::events::EventsRequest;
use hull_model::event::Event;
use hull_model::time::Timestamp;

use crate::commands::command::{Command, Outcome};
use crate::commands::filters::{FILTER, filters};
use crate::context::{Context, now};
use crate::error::Error;
use crate::grammar::flag::{Flag, one};
use crate::grammar::parse::Parsed;
use crate::output;
use crate::render::list::escapes;
use crate::render::moment::{moment, nanoseconds_local};
use crate::render::template::Template;
use crate::render::value::{Shape, Value};

/// `hull events`.
pub(crate) const COMMAND: Command = Command::new(
    &["events", "system events"],
    "Show what happens, as it happens",
    events,
)
.flags(&[FLAGS])
.examples(&[
    ("hull events --since 1h", "The last hour, and what comes"),
    (
        "hull events --until 0s --since 1h -f event=die",
        "What ended in the last hour",
    ),
]);

const FLAGS: &[Flag] = &[
    FILTER,
    one("format", "string", "Show it as 'json' or in a Go template"),
    one(
        "since",
        "string",
        "From here on: a time, or a span such as 10m",
    ),
    one(
        "until",
        "string",
        "Up to here: a time, or a span such as 10m",
    ),
];

fn events(context: &Context, parsed: &Parsed) -> Outcome {
    let now = now();
    let at = |flag: &'static str| {
        let word = parsed.text(flag).filter(|word| !word.is_empty());
        word.map(|word| moment(flag, word, now)).transpose()
    };
    let template = template(parsed.text("format").unwrap_or_default())?;
    let request = EventsRequest {
        since: at("since")?,
        until: at("until")?,
        filters: filters(parsed),
    };
    let engine = context.engine()?;
    let mut events = engine.system().events(request)?;
    while let Some(event) = events.next_event()? {
        let line = match &template {
            None => plain(&event),
            Some(template) => template
                .render(&value(&event))
                .map_err(|text| Error::Template { text, code: 1 })?,
        };
        output::print_line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn template(format: &str) -> Result<Option<Template>, Error> {
    let source = match format {
        "" => return Ok(None),
        "json" => "{{json .}}".to_owned(),
        format => escapes(format),
    };
    let failed = |text| Error::Template {
        text: format!("Error parsing format: {text}"),
        code: 64,
    };
    let template = Template::parse(&source).map_err(failed)?;
    // A field that does not exist is found before the first event comes.
    template.render(&value(&sample())).map_err(failed)?;
    Ok(Some(template))
}

/// An event of no importance.
fn sample() -> Event {
    Event {
        status: None,
        id: None,
        from: None,
        kind: hull_model::event::EventType::Container,
        action: String::new(),
        actor: hull_model::event::Actor {
            id: String::new(),
            attributes: Default::default(),
        },
        scope: "local".into(),
        time: 0,
        time_nano: 0,
    }
}

/// The event as templates see it: docker's fields, the old ones included.
fn value(event: &Event) -> Value {
    let mut value = Value::of(event);
    if let Value::Map(fields, shape) = &mut value {
        *shape = Shape::Event;
        for (old, text) in [
            ("status", event.status.as_deref()),
            ("id", event.id.as_deref()),
            ("from", event.from.as_deref()),
        ] {
            if !fields.iter().any(|(name, _)| name == old) {
                fields.push((
                    old.to_owned(),
                    Value::Hidden(text.unwrap_or_default().to_owned()),
                ));
            }
        }
    }
    value
}

/// `2026-01-02T03:04:05.123456789Z container start <id> (image=busybox, name=web)`.
fn plain(event: &Event) -> String {
    let mut line = format!(
        "{} {} {} {}",
        nanoseconds_local(Timestamp(event.time_nano)),
        event.kind.as_str(),
        event.action,
        event.actor.id
    );
    if !event.actor.attributes.is_empty() {
        let pairs = event
            .actor
            .attributes
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        line.push_str(&format!(" ({})", pairs.collect::<Vec<_>>().join(", ")));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let attributes = [("image", "busybox"), ("name", "web")];
        Event {
            status: Some("start".into()),
            id: Some("aaaa".into()),
            from: Some("busybox".into()),
            action: "start".into(),
            actor: hull_model::event::Actor {
                id: "aaaa".into(),
                attributes: attributes.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            },
            time: 1_767_323_045,
            time_nano: 1_767_323_045_123_456_789,
            ..sample()
        }
    }

    fn shown(format: &str) -> String {
        let template = template(format).unwrap().unwrap();
        template.render(&value(&event())).unwrap()
    }

    /// Recorded from docker 28.2's client, given the same event.
    #[test]
    fn events_are_dockers() {
        assert_eq!(
            plain(&event()),
            "2026-01-02T03:04:05.123456789Z container start aaaa (image=busybox, name=web)"
        );
        assert_eq!(
            shown("json"),
            r#"{"status":"start","id":"aaaa","from":"busybox","Type":"container","Action":"start","Actor":{"ID":"aaaa","Attributes":{"image":"busybox","name":"web"}},"scope":"local","time":1767323045,"timeNano":1767323045123456789}"#
        );
        assert_eq!(
            shown("{{.Status}}|{{.From}}|{{.Time}}|{{.TimeNano}}|{{.Type}}|{{.Action}}|{{.ID}}"),
            "start|busybox|1767323045|1767323045123456789|container|start|aaaa"
        );
        assert_eq!(shown("{{.Actor.Attributes.name}}"), "web");
        let image = Event {
            status: None,
            id: None,
            from: None,
            ..event()
        };
        let text = template("json")
            .unwrap()
            .unwrap()
            .render(&value(&image))
            .unwrap();
        assert!(text.starts_with(r#"{"Type":"container""#) && !text.contains("from"));
        let text = template("{{.ID}}|")
            .unwrap()
            .unwrap()
            .render(&value(&image))
            .unwrap();
        assert_eq!(text, "|");
        let wrong = template("{{.Foo}}").err().unwrap().to_string();
        assert_eq!(
            wrong,
            "Error parsing format: template: :1:2: executing \"\" at <.Foo>: can't evaluate field \
             Foo in type *events.Message"
        );
    }
}
