//! `hull image prune`.

use std::process::ExitCode;

use hull_model::size::human;

use super::removed::line;
use crate::commands::command::{Command, Outcome};
use crate::commands::filters::{LONG_FILTER, filters};
use crate::context::Context;
use crate::grammar::flag::{Flag, switch};
use crate::grammar::parse::Parsed;
use crate::output;

/// `hull image prune`.
pub(crate) const COMMAND: Command =
    Command::new(&["image prune"], "Remove images nobody uses", prune)
        .flags(&[FLAGS])
        .examples(&[
            ("hull image prune -f", "Remove images without a name"),
            (
                "hull image prune -a --filter until=24h",
                "Remove all unused ones older than a day",
            ),
        ]);

const FLAGS: &[Flag] = &[
    switch(
        "all",
        "All images no container uses, not only those without a name",
    )
    .short('a'),
    LONG_FILTER,
    switch("force", "Do not ask").short('f'),
];

fn prune(context: &Context, parsed: &Parsed) -> Outcome {
    let all = parsed.is("all");
    let what = match all {
        true => "all images without at least one container associated to them",
        false => "all dangling images",
    };
    if !parsed.is("force")
        && !output::confirm(&format!(
            "WARNING! This will remove {what}.\nAre you sure you want to continue?"
        ))?
    {
        output::note("hull: nothing was removed");
        return Ok(ExitCode::FAILURE);
    }
    let pruned = context.engine()?.images().prune(all, &filters(parsed))?;
    if !pruned.removed.is_empty() {
        let lines: String = pruned.removed.iter().map(|one| line(one, true)).collect();
        output::print(&format!("Deleted Images:\n{lines}\n"))?;
    }
    output::print_line(&format!(
        "Total reclaimed space: {}",
        human(pruned.reclaimed)
    ))?;
    Ok(ExitCode::SUCCESS)
}
