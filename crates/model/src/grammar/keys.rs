//! `--detach-keys`: `ctrl-p,ctrl-q`, single letters, or any mix.
//!
//! Invariant: a sequence is bytes as a terminal in raw mode sends them, never empty.

use crate::error::Error;

/// ctrl-p, ctrl-q.
pub const DEFAULT_DETACH_KEYS: [u8; 2] = [16, 17];

/// The bytes of a sequence; the empty word is the default.
pub fn detach_keys(word: &str) -> Result<Vec<u8>, Error> {
    if word.is_empty() {
        return Ok(DEFAULT_DETACH_KEYS.to_vec());
    }
    word.split(',')
        .map(|key| byte_of(key).ok_or_else(|| Error::DetachKeys(word.into())))
        .collect()
}

fn byte_of(key: &str) -> Option<u8> {
    let lower = key.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("ctrl-") {
        return match *rest.as_bytes() {
            [letter @ b'a'..=b'z'] => Some(letter - b'a' + 1),
            [b'@'] => Some(0),
            [b'['] => Some(27),
            [b'\\'] => Some(28),
            [b']'] => Some(29),
            [b'^'] => Some(30),
            [b'_'] => Some(31),
            _ => None,
        };
    }
    match *key.as_bytes() {
        [byte] => Some(byte),
        _ if lower == "del" => Some(127),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_read() {
        assert_eq!(detach_keys(""), Ok(vec![16, 17]));
        assert_eq!(detach_keys("ctrl-p,ctrl-q"), Ok(vec![16, 17]));
        assert_eq!(detach_keys("ctrl-x,a,ctrl-@"), Ok(vec![24, b'a', 0]));
        assert_eq!(detach_keys("ctrl-\\"), Ok(vec![28]));
        for word in ["zz", "ctrl-", "ctrl-1", "a,,b"] {
            let text = detach_keys(word).unwrap_err().to_string();
            assert_eq!(text, format!("invalid detach keys ({word}) provided"));
        }
    }
}
