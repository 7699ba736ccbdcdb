//! `hull container prune`.

use std::process::ExitCode;

use hull_model::size::human;

use crate::commands::command::{Command, Outcome};
use crate::commands::filters::{LONG_FILTER, filters};
use crate::context::{Context, now};
use crate::grammar::flag::{Flag, switch};
use crate::grammar::parse::Parsed;
use crate::output;
use crate::render::moment::moment;

/// `hull container prune`.
pub(crate) const COMMAND: Command = Command::new(
    &["container prune"],
    "Remove all containers that do not run",
    prune,
)
.flags(&[FLAGS])
.examples(&[(
    "hull container prune -f --filter until=24h",
    "Those older than a day",
)]);

const FLAGS: &[Flag] = &[LONG_FILTER, switch("force", "Do not ask").short('f')];

fn prune(context: &Context, parsed: &Parsed) -> Outcome {
    let mut filters = filters(parsed);
    let until = filters.values.remove("until").unwrap_or_default();
    let until = until
        .last()
        .map(|word| moment("until", word, now()))
        .transpose()?;
    let question = "WARNING! This will remove all stopped containers.\n\
        Are you sure you want to continue?";
    if !parsed.is("force") && !output::confirm(question)? {
        output::note("hull: nothing was removed");
        return Ok(ExitCode::FAILURE);
    }
    let pruned = context.engine()?.containers().prune(&filters, until)?;
    if !pruned.removed.is_empty() {
        let lines: String = pruned.removed.iter().map(|id| format!("{id}\n")).collect();
        output::print(&format!("Deleted Containers:\n{lines}\n"))?;
    }
    output::print_line(&format!(
        "Total reclaimed space: {}",
        human(pruned.reclaimed)
    ))?;
    Ok(ExitCode::SUCCESS)
}
