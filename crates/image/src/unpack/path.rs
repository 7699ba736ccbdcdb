//! Names of entries, cleaned before the kernel sees them.
//!
//! Invariant: a cleaned path has no empty, `.` or `..` component and does not begin with a slash;
//! the empty path is the root.

use crate::error::{Error, Result};

/// Longer than any path the kernel takes.
const MAX: usize = 4096;

/// The cleaned form of an entry's name; names that lead above the root are refused.
pub(super) fn clean(name: &[u8]) -> Result<Vec<u8>> {
    let refuse = |problem| Error::Unsafe {
        path: shown(name),
        problem,
    };
    if name.len() > MAX {
        return Err(refuse("longer than 4096 bytes"));
    }
    if name.contains(&0) {
        return Err(refuse("holds a zero byte"));
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts
                    .pop()
                    .ok_or_else(|| refuse("leads outside the layer"))?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join(&b'/'))
}

/// Parent and last component; the parent of a top-level name is empty.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|b| *b == b'/') {
        Some(at) => (
            path.get(..at).unwrap_or_default(),
            path.get(at + 1..).unwrap_or_default(),
        ),
        None => (&[], path),
    }
}

/// A name as errors show it.
pub(super) fn shown(name: &[u8]) -> String {
    crate::error::clip(&String::from_utf8_lossy(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans() {
        let check = |name: &str, expected: Option<&str>| {
            let cleaned = clean(name.as_bytes()).ok();
            assert_eq!(cleaned.as_deref(), expected.map(str::as_bytes), "{name}");
        };
        check("a/b", Some("a/b"));
        check("./a//b/.", Some("a/b"));
        check("/etc/passwd", Some("etc/passwd"));
        check("a/../b", Some("b"));
        check(".", Some(""));
        check("./", Some(""));
        check("", Some(""));
        check("..", None);
        check("../x", None);
        check("a/../../x", None);
        check("/..", None);
        check("a\0b", None);
        check(&"x/".repeat(3000), None);
    }

    #[test]
    fn splits() {
        assert_eq!(split(b"a/b/c"), (&b"a/b"[..], &b"c"[..]));
        assert_eq!(split(b"a"), (&b""[..], &b"a"[..]));
    }
}
