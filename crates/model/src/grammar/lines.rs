//! Files of variables (`--env-file`) and of labels (`--label-file`): one `key=value` per line.
//!
//! Leaves opening the file to the caller. Invariant: no quoting and no expansion, so that a value
//! reaches the container byte for byte.

use crate::error::Error;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The variables of `content`; a bare name is looked up, and dropped when unknown.
pub fn variables(
    name: &str,
    content: &[u8],
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for line in lines(name, content) {
        let line = line?;
        match line.split_once('=') {
            Some((key, _)) => {
                check_key(name, key, &line)?;
                found.push(line);
            }
            None => {
                check_key(name, &line, &line)?;
                if let Some(value) = lookup(&line) {
                    found.push(format!("{line}={value}"));
                }
            }
        }
    }
    Ok(found)
}

/// The labels of `content`, as `key=value` or `key`.
pub fn labels(name: &str, content: &[u8]) -> Result<Vec<String>, Error> {
    lines(name, content)
        .map(|line| {
            let line = line?;
            check_key(
                name,
                line.split_once('=').map_or(line.as_str(), |(key, _)| key),
                &line,
            )?;
            Ok(line)
        })
        .collect()
}

fn check_key(name: &str, key: &str, line: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(Error::Line(format!(
            "invalid environment variable: no variable name on line '{line}' of {name}"
        )));
    }
    if key.contains([' ', '\t']) {
        return Err(Error::Line(format!(
            "poorly formatted environment: variable '{key}' contains whitespaces"
        )));
    }
    Ok(())
}

/// Lines that say something: neither empty nor a comment, without leading blanks.
fn lines<'a>(
    name: &'a str,
    content: &'a [u8],
) -> impl Iterator<Item = Result<String, Error>> + use<'a> {
    let content = content.strip_prefix(BOM).unwrap_or(content);
    content
        .split(|b| *b == b'\n')
        .enumerate()
        .filter_map(move |(index, line)| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Ok(text) = std::str::from_utf8(line) else {
                return Some(Err(Error::Line(format!(
                    "invalid env file ({name}): invalid utf8 bytes at line {}: {line:?}",
                    index + 1
                ))));
            };
            let text = text.trim_start();
            (!text.is_empty() && !text.starts_with('#')).then(|| Ok(text.to_owned()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_line_by_line() {
        let lookup = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        let text = b"\xef\xbb\xbf# comment\n\nA=1\r\n  B=two words \nHOME\nNONE\nC='q'\n";
        assert_eq!(
            variables("f", text, lookup),
            Ok(vec![
                "A=1".into(),
                "B=two words ".into(),
                "HOME=/root".into(),
                "C='q'".into()
            ])
        );
        assert_eq!(
            variables("f", b"A B=1", lookup).unwrap_err().to_string(),
            "poorly formatted environment: variable 'A B' contains whitespaces"
        );
        assert!(variables("f", b"=1", lookup).is_err());
        assert!(variables("f", b"A=\xff", lookup).is_err());
        assert_eq!(labels("f", b"a=b\nc\n"), Ok(vec!["a=b".into(), "c".into()]));
    }
}
