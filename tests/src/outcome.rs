//! What a command did: exit code, stdout, stderr, and assertions that show all three when they fail.

use std::process::Output;

/// A finished command.
#[derive(Debug, Clone)]
pub struct Done {
    /// The command line, for messages.
    pub command: String,
    /// Exit code; 128 + n when signal n ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Done {
    /// From what the standard library collected.
    pub fn new(command: String, output: &Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let signal = output.status.signal().unwrap_or_default();
        Self {
            command,
            code: output.status.code().unwrap_or(128 + signal),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Exit code 0, or the test fails; answers stdout without the last newline.
    #[track_caller]
    pub fn ok(self) -> String {
        self.exits(0).out.trim_end_matches('\n').to_owned()
    }

    /// This exit code, or the test fails.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(self.code == code, "expected exit {code}\n{self}");
        self
    }

    /// Stdout holds `text`, or the test fails.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text),
            "expected {text:?} on stdout\n{self}"
        );
        self
    }

    /// Stderr holds `text` in any case, or the test fails.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        let said = self.err.to_lowercase();
        assert!(
            said.contains(&text.to_lowercase()),
            "expected {text:?} on stderr\n{self}"
        );
        self
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            code,
            out,
            err,
        } = self;
        write!(
            f,
            "$ {command}\nexit {code}\n-- stdout\n{out}\n-- stderr\n{err}"
        )
    }
}
