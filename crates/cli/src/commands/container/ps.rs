//! `hull ps`.

use std::process::ExitCode;

use hull_engine::container::list::{ListRequest, Summary};
use hull_model::size::human_with;
use hull_model::time::Timestamp;

use crate::commands::command::{Command, Outcome};
use crate::commands::filters::{FILTER, FORMAT, filters};
use crate::config::Config;
use crate::context::{Context, now};
use crate::grammar::flag::{Flag, int, switch};
use crate::grammar::parse::Parsed;
use crate::output;
use crate::render::list::{Listing, label_method};
use crate::render::moment::{ago, local};
use crate::render::table::ellipsis;
use crate::render::value::{Nothing, Value};

/// `hull ps`.
pub(crate) const COMMAND: Command = Command::new(
    &["ps", "container ls", "container list", "container ps"],
    "List containers",
    ps,
)
.flags(&[FLAGS])
.examples(&[
    ("hull ps -a", "All containers, running or not"),
    ("hull ps -aq -f status=exited", "Ids of those that ended"),
    (
        "hull ps --format 'table {{.Names}}\\t{{.Status}}'",
        "Two columns",
    ),
]);

const FLAGS: &[Flag] = &[
    switch("all", "All containers, not only those that run").short('a'),
    FILTER,
    FORMAT,
    int("last", "The n newest, whatever they do").short('n'),
    switch("latest", "The newest, whatever it does").short('l'),
    switch("no-trunc", "Do not shorten anything"),
    switch("quiet", "Only ids").short('q'),
    switch("size", "Also sizes").short('s'),
];

const HEADERS: &[(&str, &str)] = &[
    ("ID", "CONTAINER ID"),
    ("Names", "NAMES"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("CreatedAt", "CREATED AT"),
    ("RunningFor", "CREATED"),
    ("Ports", "PORTS"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("Size", "SIZE"),
    ("Labels", "LABELS"),
    ("Mounts", "MOUNTS"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Networks", "NETWORKS"),
    ("Platform", "PLATFORM"),
];

const RAW: &str = "container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\n\
    created_at: {{.CreatedAt}}\nstate: {{- pad .State 1 0}}\nstatus: {{- pad .Status 1 0}}\n\
    names: {{.Names}}\nlabels: {{- pad .Labels 1 0}}\nports: {{- pad .Ports 1 0}}\n";

fn listing(size: bool) -> Listing {
    let size = if size { "\t{{.Size}}" } else { "" };
    Listing {
        kind: "formatter.ContainerContext",
        headers: HEADERS,
        table: format!(
            "{{{{.ID}}}}\t{{{{.Image}}}}\t{{{{.Command}}}}\t{{{{.RunningFor}}}}\t{{{{.Status}}}}\t\
             {{{{.Ports}}}}\t{{{{.Names}}}}{size}"
        ),
        raw: RAW,
    }
}

fn ps(context: &Context, parsed: &Parsed) -> Outcome {
    let configured = match parsed.text("format") {
        Some(format) => format.to_owned(),
        None => Config::read(context)?.ps_format,
    };
    let quiet = parsed.is("quiet");
    if quiet && parsed.given("format") {
        output::note("WARNING: Ignoring custom format, because both --format and --quiet are set.");
    }
    let last = parsed.int("last").and_then(|n| usize::try_from(n).ok());
    // Sizes cost a walk over every file: only when somebody looks at them.
    let wants_size = parsed.is("size") || (!quiet && configured.contains(".Size"));
    let request = ListRequest {
        all: parsed.is("all"),
        last: if parsed.is("latest") { Some(1) } else { last },
        size: wants_size,
        filters: filters(parsed),
    };
    let containers = context.engine()?.containers().list(&request)?;
    let truncate = !parsed.is("no-trunc");
    if quiet {
        let id = |c: &Summary| {
            if truncate {
                c.id.short()
            } else {
                c.id.as_str()
            }
            .to_owned()
                + "\n"
        };
        output::print(&containers.iter().map(id).collect::<String>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let listing = listing(parsed.is("size"));
    let now = now();
    let rows: Vec<Value> = containers
        .iter()
        .map(|container| row(&listing, container, truncate, now))
        .collect();
    output::print(&listing.render(&configured, &rows)?)?;
    Ok(ExitCode::SUCCESS)
}

fn row(listing: &Listing, container: &Summary, truncate: bool, now: Timestamp) -> Value {
    let cut = |text: &str, most: usize| {
        if truncate {
            ellipsis(text, most)
        } else {
            text.to_owned()
        }
    };
    let id = if truncate {
        container.id.short()
    } else {
        container.id.as_str()
    };
    let mounts: Vec<String> = container
        .mounts
        .iter()
        .map(|mount| cut(mount, 15))
        .collect();
    let labels: Vec<String> = container
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let text = |text: &str| Value::text(text);
    listing.row(vec![
        ("ID", text(id)),
        ("Names", text(container.name.as_str())),
        ("Image", Value::Text(image(container, truncate))),
        ("Command", Value::Text(quoted(&cut(&container.command, 20)))),
        ("CreatedAt", Value::Text(local(container.created))),
        ("RunningFor", Value::Text(ago(container.created, now))),
        ("Ports", text(&container.ports)),
        ("State", text(container.state.as_str())),
        ("Status", text(&container.status)),
        ("Size", Value::Text(size(container))),
        ("Labels", Value::Text(labels.join(","))),
        ("Label", label_method(container.labels.clone())),
        ("Mounts", Value::Text(mounts.join(","))),
        ("LocalVolumes", text("0")),
        ("Networks", Value::Text(container.networks.join(","))),
        ("Platform", Value::Nil(Nothing::Pointer)),
    ])
}

/// The image as written; an id is shortened.
fn image(container: &Summary, truncate: bool) -> String {
    let image = container.image.as_str();
    match image.strip_prefix("sha256:") {
        Some(digits) if truncate => digits.chars().take(12).collect(),
        _ if image.is_empty() => "<no image>".to_owned(),
        _ => image.to_owned(),
    }
}

/// In double quotes, with what would break the line escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                out.push_str(&format!("\\x{:02x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn size(container: &Summary) -> String {
    match container.size {
        None => "0B".to_owned(),
        Some((own, 0)) => human_with(own, 3),
        Some((own, all)) => format!("{} (virtual {})", human_with(own, 3), human_with(all, 3)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hull_engine::container::status::Status;
    use hull_model::id::{ContainerId, ContainerName};

    use super::*;

    const NOW: Timestamp = Timestamp(1_767_323_045_000_000_000);

    fn containers() -> Vec<Summary> {
        let labels: BTreeMap<String, String> = [("a", "1"), ("b", "2")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        let minutes = |n: i64| Timestamp(NOW.0 - n * 60_000_000_000);
        let running = Summary {
            id: ContainerId::from_bytes([0xaa; 32]),
            name: ContainerName::parse("web").unwrap(),
            image: "busybox:latest".into(),
            image_id: format!("sha256:{}", "b".repeat(64)),
            command: "sh -c 'echo hello world and more'".into(),
            created: minutes(2),
            state: Status::Running,
            status: "Up 2 minutes".into(),
            ports: String::new(),
            labels,
            mounts: vec!["/tmp/x".into(), "vol1".into()],
            networks: vec!["none".into()],
            size: Some((1234, 4_261_502)),
        };
        let exited = Summary {
            id: ContainerId::from_bytes([0xcc; 32]),
            name: ContainerName::parse("a_much_longer_container_name").unwrap(),
            image: format!("sha256:{}", "d".repeat(64)),
            command: "sleep 1".into(),
            created: minutes(3 * 24 * 60),
            state: Status::Exited,
            status: "Exited (137) 3 days ago".into(),
            labels: BTreeMap::new(),
            mounts: Vec::new(),
            size: None,
            ..running.clone()
        };
        vec![running, exited]
    }

    fn check(format: &str, (size, truncate): (bool, bool), expected: &str) {
        let listing = listing(size);
        let rows: Vec<Value> = containers()
            .iter()
            .map(|c| row(&listing, c, truncate, NOW))
            .collect();
        assert_eq!(listing.render(format, &rows).unwrap(), expected, "{format}");
    }

    /// Recorded from docker 28.2's client, given the same two containers.
    #[test]
    fn tables_are_dockers() {
        check("", (false, true), "\
CONTAINER ID   IMAGE            COMMAND                  CREATED         STATUS                    PORTS     NAMES
aaaaaaaaaaaa   busybox:latest   \"sh -c 'echo hello w…\"   2 minutes ago   Up 2 minutes                        web
cccccccccccc   dddddddddddd     \"sleep 1\"                3 days ago      Exited (137) 3 days ago             a_much_longer_container_name
");
        check("", (true, true), "\
CONTAINER ID   IMAGE            COMMAND                  CREATED         STATUS                    PORTS     NAMES                          SIZE
aaaaaaaaaaaa   busybox:latest   \"sh -c 'echo hello w…\"   2 minutes ago   Up 2 minutes                        web                            1.23kB (virtual 4.26MB)
cccccccccccc   dddddddddddd     \"sleep 1\"                3 days ago      Exited (137) 3 days ago             a_much_longer_container_name   0B
");
        check(
            "table {{.ID}}\\t{{.Names}}\\t{{.Labels}}\\t{{.Label \"a\"}}",
            (false, true),
            "\
CONTAINER ID   NAMES                          LABELS    a
aaaaaaaaaaaa   web                            a=1,b=2   1
cccccccccccc   a_much_longer_container_name             
",
        );
        let id = "a".repeat(64);
        let first = format!("{id} sh -c 'echo hello world and more'\n");
        let second = format!("{} sleep 1\n", "c".repeat(64));
        check(
            "{{.ID}} {{slice .Command 1 (len (slice .Command 1))}}",
            (false, false),
            &format!("{first}{second}"),
        );
        check(
            "raw",
            (false, true),
            "\
container_id: aaaaaaaaaaaa
image: busybox:latest
command: \"sh -c 'echo hello w…\"
created_at: 2026-01-02 03:02:05 +0000 UTC
state: running
status: Up 2 minutes
names: web
labels: a=1,b=2
ports:

container_id: cccccccccccc
image: dddddddddddd
command: \"sleep 1\"
created_at: 2025-12-30 03:04:05 +0000 UTC
state: exited
status: Exited (137) 3 days ago
names: a_much_longer_container_name
labels:
ports:

",
        );
    }

    #[test]
    fn rows_are_dockers_json() {
        let listing = listing(false);
        let rows: Vec<Value> = containers()
            .iter()
            .take(1)
            .map(|c| row(&listing, c, true, NOW))
            .collect();
        assert_eq!(
            listing.render("json", &rows).unwrap(),
            concat!(
                r#"{"Command":"\"sh -c 'echo hello w…\"","CreatedAt":"2026-01-02 03:02:05 +0000 UTC","#,
                r#""ID":"aaaaaaaaaaaa","Image":"busybox:latest","Labels":"a=1,b=2","#,
                r#""LocalVolumes":"0","Mounts":"/tmp/x,vol1","Names":"web","Networks":"none","#,
                r#""Platform":null,"Ports":"","RunningFor":"2 minutes ago","#,
                r#""Size":"1.23kB (virtual 4.26MB)","State":"running","Status":"Up 2 minutes"}"#,
                "\n"
            )
        );
    }
}
