//! What goes wrong in an OCI command, and how callers are told: a line on standard error, an entry
//! in the log they named, an exit code.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use hull_error::Fault as Described;

/// A failure with its exit code.
#[derive(Debug)]
pub(super) struct Fault {
    text: String,
    pub(super) code: u8,
}

impl Fault {
    /// A wrong command line.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: 1,
        }
    }

    /// A failure of something about a file.
    pub(super) fn file(verb: &str, path: &std::path::Path, source: &std::io::Error) -> Self {
        Self::usage(format!(
            "cannot {verb} {}: {}",
            path.display(),
            plain(source)
        ))
    }

    /// The same with another exit code.
    pub(super) fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }
}

impl<E: Described> From<E> for Fault {
    fn from(error: E) -> Self {
        // One line: clients of OCI runtimes read the last line, and match on its words.
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let cause_text = plain(cause);
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!(" ({hint})"));
        }
        Self { text, code: 1 }
    }
}

/// An error's text without Rust's `(os error N)`, its first letter as other programs write it.
fn plain(error: &(dyn std::error::Error + 'static)) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_lowercase(),
        None => text,
    }
}

/// Where and how callers want errors.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// A file besides standard error.
    pub(super) path: Option<PathBuf>,
    /// Whether as JSON.
    pub(super) json: bool,
}

impl Log {
    /// Tells the caller.
    pub(super) fn tell(&self, fault: &Fault) {
        let now = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let quoted = serde_json::Value::from(fault.text.as_str());
        let line = if self.json {
            format!("{{\"level\":\"error\",\"msg\":{quoted},\"time\":\"{now}\"}}\n")
        } else {
            format!("time=\"{now}\" level=error msg={quoted}\n")
        };
        // With nowhere to write to, the exit code has to do.
        let written = self.path.as_ref().map(|path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes()))
        });
        let mut error = std::io::stderr().lock();
        let shown = match written {
            Some(Ok(())) => writeln!(error, "{}", fault.text),
            _ => error.write_all(line.as_bytes()),
        };
        drop(shown);
    }
}
