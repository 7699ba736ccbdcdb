//! `--expose`: a port or a range of ports, with an optional protocol.
//!
//! Leaves published ports (`-p`) to the room of networks. Invariant: every port found is written
//! `number/protocol`.

use super::number;
use crate::error::Error;

/// The ports of `80`, `80/udp` or `7000-7002/tcp`.
pub fn expose(word: &str) -> Result<Vec<String>, Error> {
    let fail = |why: String| Error::Expose {
        word: word.to_owned(),
        why,
    };
    if word.contains(':') {
        return Err(Error::Mode(format!(
            "invalid port format for --expose: {word}"
        )));
    }
    let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(fail(format!("invalid proto: {protocol}")));
    }
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let port = |text: &str| number::unsigned(text, 16).map_err(|e| fail(e.to_string()));
    let (first, last) = (port(first)?, port(last)?);
    if last < first {
        return Err(fail(format!("invalid range specified for port: {ports}")));
    }
    Ok((first..=last)
        .map(|port| format!("{port}/{protocol}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read() {
        assert_eq!(expose("80"), Ok(vec!["80/tcp".into()]));
        assert_eq!(expose("53/UDP"), Ok(vec!["53/udp".into()]));
        assert_eq!(expose("1-3").map(|p| p.len()), Ok(3));
        assert_eq!(
            expose("x").unwrap_err().to_string(),
            "invalid range format for --expose: x, error: strconv.ParseUint: parsing \"x\": \
             invalid syntax"
        );
        for word in ["3-1", "70000", "80/x", "1:2"] {
            assert!(expose(word).is_err(), "{word}");
        }
    }
}
