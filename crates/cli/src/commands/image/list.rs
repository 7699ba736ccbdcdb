//! `hull images`.

use std::process::ExitCode;

use hull_engine::image::list::{ImageListRequest, ImageSummary};
use hull_model::size::{human, human_with};
use hull_model::time::Timestamp;

use super::short::short;
use super::tree::tree;
use crate::commands::command::{Command, Outcome};
use crate::commands::filters::{FILTER, FORMAT, filters};
use crate::config::Config;
use crate::context::{Context, now};
use crate::error::Error;
use crate::grammar::flag::{Flag, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;
use crate::render::list::Listing;
use crate::render::moment::{ago, local};
use crate::render::value::Value;

/// `hull images`.
pub(crate) const COMMAND: Command =
    Command::new(&["images", "image ls", "image list"], "List images", images)
        .takes("[REPOSITORY[:TAG]]", 0..=1, Completes::Images)
        .flags(&[FLAGS])
        .examples(&[
            ("hull images busybox", "Every tag of a repository"),
            (
                "hull images -q -f dangling=true",
                "Ids of images without a name",
            ),
        ]);

const FLAGS: &[Flag] = &[
    switch("all", "Also intermediate images").short('a'),
    switch("digests", "Also digests"),
    FILTER,
    FORMAT,
    switch("no-trunc", "Do not shorten anything"),
    switch("quiet", "Only ids").short('q'),
    switch("tree", "Group names by image, with their use"),
];

const HEADERS: &[(&str, &str)] = &[
    ("ID", "IMAGE ID"),
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("Containers", "CONTAINERS"),
    ("VirtualSize", "SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
];

const NONE: &str = "<none>";

fn listing((quiet, digests): (bool, bool)) -> Listing {
    let table = match (quiet, digests) {
        (true, _) => "{{.ID}}",
        (false, true) => {
            "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
        }
        (false, false) => "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
    };
    let raw = match (quiet, digests) {
        (true, _) => "image_id: {{.ID}}",
        (false, false) => {
            "repository: {{.Repository}}\ntag: {{.Tag}}\nimage_id: {{.ID}}\n\
             created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"
        }
        (false, true) => {
            "repository: {{.Repository}}\ntag: {{.Tag}}\ndigest: {{.Digest}}\nimage_id: {{.ID}}\n\
             created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"
        }
    };
    Listing {
        kind: "formatter.imageContext",
        headers: HEADERS,
        table: table.into(),
        raw,
    }
}

fn images(context: &Context, parsed: &Parsed) -> Outcome {
    let quiet = parsed.is("quiet");
    let format = match parsed.text("format") {
        Some(format) => format.to_owned(),
        None if quiet || parsed.is("tree") => String::new(),
        None => Config::read(context)?.images_format,
    };
    let mut filters = filters(parsed);
    if !parsed.word(0).is_empty() {
        filters.insert("reference", parsed.word(0));
    }
    let truncate = !parsed.is("no-trunc");
    let mut images = context.engine()?.images().list(&ImageListRequest {
        all: parsed.is("all"),
        filters,
    })?;
    images.sort_by_key(|image| std::cmp::Reverse(image.created));
    if parsed.is("tree") {
        if quiet || parsed.given("format") || !truncate {
            return Err(Error::options(
                "--tree cannot be used with --quiet, --no-trunc or --format",
            ));
        }
        output::print(&tree(&images))?;
        return Ok(ExitCode::SUCCESS);
    }
    let listing = listing((quiet, parsed.is("digests")));
    let digests = parsed.is("digests") || format.contains("{{.Digest}}");
    let now = now();
    let rows: Vec<Value> = images
        .iter()
        .flat_map(|image| {
            names(image, digests)
                .into_iter()
                .map(move |name| (image, name))
        })
        .map(|(image, name)| row(&listing, image, (&name, truncate), now))
        .collect();
    let text = match quiet && format.is_empty() {
        true => listing.render("{{.ID}}", &rows)?,
        false => listing.render(&format, &rows)?,
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// One line of the list.
struct Name {
    repository: String,
    tag: String,
    digest: String,
}

/// The lines of an image: one per tag, or one per digest without a tag.
fn names(image: &ImageSummary, digests: bool) -> Vec<Name> {
    let digest_of = |repository: &str| {
        let found = image.repo_digests.iter().find_map(|name| {
            let (repo, digest) = name.split_once('@')?;
            (repo == repository).then(|| digest.to_owned())
        });
        found.filter(|_| digests).unwrap_or_else(|| NONE.to_owned())
    };
    let mut names: Vec<Name> = image
        .repo_tags
        .iter()
        .filter_map(|name| name.rsplit_once(':'))
        .map(|(repository, tag)| Name {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: digest_of(repository),
        })
        .collect();
    for name in &image.repo_digests {
        let Some((repository, digest)) = name.split_once('@') else {
            continue;
        };
        if !names.iter().any(|known| known.repository == repository) {
            names.push(Name {
                repository: repository.to_owned(),
                tag: NONE.to_owned(),
                digest: if digests {
                    digest.to_owned()
                } else {
                    NONE.to_owned()
                },
            });
        }
    }
    if names.is_empty() {
        let none = || NONE.to_owned();
        names.push(Name {
            repository: none(),
            tag: none(),
            digest: none(),
        });
    }
    names
}

fn row(
    listing: &Listing,
    image: &ImageSummary,
    (name, truncate): (&Name, bool),
    now: Timestamp,
) -> Value {
    let id = if truncate {
        short(&image.id)
    } else {
        image.id.clone()
    };
    let text = |text: &str| Value::text(text);
    let never = image.created.0 <= 0;
    listing.row(vec![
        ("ID", Value::Text(id)),
        ("Repository", text(&name.repository)),
        ("Tag", text(&name.tag)),
        ("Digest", text(&name.digest)),
        (
            "CreatedSince",
            Value::Text(if never {
                "N/A".into()
            } else {
                ago(image.created, now)
            }),
        ),
        ("CreatedAt", Value::Text(local(image.created))),
        ("Size", Value::Text(human_with(image.size, 3))),
        ("Containers", text("N/A")),
        ("VirtualSize", Value::Text(human(image.size))),
        ("SharedSize", text("N/A")),
        ("UniqueSize", text("N/A")),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const NOW: Timestamp = Timestamp(1_767_323_045_000_000_000);

    fn image(digit: &str, tags: &[&str], hours: i64, size: u64) -> ImageSummary {
        ImageSummary {
            id: format!("sha256:{}", digit.repeat(64)),
            repo_tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            repo_digests: Vec::new(),
            created: Timestamp(NOW.0 - hours * 3_600_000_000_000),
            size,
            labels: BTreeMap::new(),
            containers: 0,
        }
    }

    fn images() -> Vec<ImageSummary> {
        let mut busybox = image("b", &["busybox:latest", "busybox:1.36"], 40 * 24, 4_261_502);
        busybox
            .repo_digests
            .push(format!("busybox@sha256:{}", "e".repeat(64)));
        vec![
            busybox,
            image("d", &[], 1, 123_456_789),
            image("f", &["localhost:5000/team/app:v1"], 5, 999),
        ]
    }

    fn check(format: &str, digests: bool, expected: &str) {
        let listing = listing((false, digests));
        let images = images();
        let digests = digests || format.contains("{{.Digest}}");
        let rows: Vec<Value> = images
            .iter()
            .flat_map(|image| {
                names(image, digests)
                    .into_iter()
                    .map(move |name| (image, name))
            })
            .map(|(image, name)| row(&listing, image, (&name, true), NOW))
            .collect();
        assert_eq!(listing.render(format, &rows).unwrap(), expected, "{format}");
    }

    /// Recorded from docker 28.2's client, given the same three images.
    #[test]
    fn tables_are_dockers() {
        check(
            "",
            false,
            "\
REPOSITORY                TAG       IMAGE ID       CREATED             SIZE
busybox                   latest    bbbbbbbbbbbb   5 weeks ago         4.26MB
busybox                   1.36      bbbbbbbbbbbb   5 weeks ago         4.26MB
<none>                    <none>    dddddddddddd   About an hour ago   123MB
localhost:5000/team/app   v1        ffffffffffff   5 hours ago         999B
",
        );
        check(
            "table {{.ID}}\\t{{.Digest}}\\t{{.VirtualSize}}",
            false,
            "\
IMAGE ID       DIGEST                                                                    SIZE
bbbbbbbbbbbb   sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee   4.262MB
bbbbbbbbbbbb   sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee   4.262MB
dddddddddddd   <none>                                                                    123.5MB
ffffffffffff   <none>                                                                    999B
",
        );
    }
}
