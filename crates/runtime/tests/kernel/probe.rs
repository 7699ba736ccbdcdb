//! The program inside: shows what it sees, a word per wish.

use std::fs;
use std::io::{IsTerminal, Read};
use std::process::ExitCode;

/// Does `words` one after the other; each is `verb:argument`.
pub(crate) fn main(words: &[String]) -> ExitCode {
    for word in words {
        let (verb, argument) = word.split_once(':').unwrap_or((word, ""));
        match verb {
            "cat" => show(argument, fs::read_to_string(argument)),
            "link" => show(
                argument,
                fs::read_link(argument).map(|p| p.display().to_string()),
            ),
            "list" => show(argument, list(argument)),
            "write" => show(
                argument,
                fs::write(argument, "x").map(|()| "written".to_owned()),
            ),
            "stat" => show(argument, stat(argument)),
            "env" => show(
                "env",
                Ok(std::env::vars()
                    .map(|(k, v)| format!("{k}={v}\n"))
                    .collect()),
            ),
            "cwd" => show(
                "cwd",
                fs::read_link("/proc/self/cwd").map(|p| p.display().to_string()),
            ),
            "tty" => show("tty", Ok(std::io::stdin().is_terminal().to_string())),
            "sleep" => loop {
                std::thread::park();
            },
            "input" => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                show("input", read.map(|_| text));
            }
            "exit" => return ExitCode::from(argument.parse::<u8>().unwrap()),
            other => panic!("no such verb: {other}"),
        }
    }
    ExitCode::SUCCESS
}

fn show(name: &str, what: std::io::Result<String>) {
    match what {
        Ok(text) => println!("\u{2}{name}\u{3}\n{}", text.trim_end()),
        Err(error) => println!(
            "\u{2}{name}\u{3}\nerror {}",
            error.raw_os_error().unwrap_or(0)
        ),
    }
}

fn list(dir: &str) -> std::io::Result<String> {
    let names = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().display().to_string()));
    let mut names = names.collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.join(" "))
}

fn stat(path: &str) -> std::io::Result<String> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::symlink_metadata(path)?;
    Ok(format!(
        "{:o} {} {} {:x}",
        meta.mode(),
        meta.uid(),
        meta.gid(),
        meta.rdev()
    ))
}
