//! `hull help COMMAND`; without a command the table answers, as for `hull --help`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::{Context, width};
use crate::error::Error;
use crate::grammar::help;
use crate::grammar::parse::Parsed;
use crate::grammar::suggest::closest;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull help`.
pub(crate) const COMMAND: Command = Command::new(&["help"], "Help about a command", help)
    .takes("[COMMAND]", 1..=2, Completes::Commands)
    .examples(&[("hull help run", "Show how to run a container")]);

fn help(context: &Context, parsed: &Parsed) -> Outcome {
    let path = parsed.words.join(" ");
    let found = (context.usages)()
        .into_iter()
        .find(|command| command.paths.contains(&path.as_str()));
    match found {
        Some(command) => output::print(&help::of_command(command, width()))?,
        None => {
            let known = (context.usages)()
                .into_iter()
                .flat_map(|command| command.paths.iter().copied());
            let hint = closest(&path, known).map(|near| format!("did you mean `hull {near}`?"));
            return Err(Error::Usage {
                text: format!("unknown help topic: {path}"),
                hint,
                after: "\nRun 'hull --help' for more information".into(),
                code: 1,
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}
