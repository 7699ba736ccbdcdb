//! [`Digest`]: the name of bytes by their hash.
//!
//! Leaves the hashing itself to `image`. Invariant: a value has a known algorithm and exactly its
//! number of lower-case hexadecimal digits, so it is safe as a file name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Hash algorithms registered by the OCI image specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, which everybody uses.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The word before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits follow the colon.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// `algorithm:hex`, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    text: Box<str>,
}

impl Digest {
    /// Checks `text`.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |problem| Error::Digest {
            text: clip(text),
            problem,
        };
        let (name, hex) = text.split_once(':').ok_or_else(|| fail("no colon"))?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(fail("unsupported algorithm")),
        };
        if hex.len() != algorithm.hex_len() {
            return Err(fail("wrong length"));
        }
        if !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(fail("not lower-case hexadecimal"));
        }
        Ok(Self {
            algorithm,
            text: text.into(),
        })
    }

    /// The SHA-256 digest with these bytes.
    pub fn from_sha256(hash: [u8; 32]) -> Self {
        Self::from_bytes(Algorithm::Sha256, &hash)
    }

    /// The SHA-512 digest with these bytes.
    pub fn from_sha512(hash: [u8; 64]) -> Self {
        Self::from_bytes(Algorithm::Sha512, &hash)
    }

    fn from_bytes(algorithm: Algorithm, hash: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let digit = |n: u8| HEX.get(usize::from(n)).map_or('0', |b| char::from(*b));
        let mut text = String::with_capacity(8 + algorithm.hex_len());
        text.push_str(algorithm.as_str());
        text.push(':');
        for byte in hash {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        Self {
            algorithm,
            text: text.into(),
        }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digits after the colon.
    pub fn hex(&self) -> &str {
        self.text.get(7..).unwrap_or_default()
    }

    /// The first 12 digits, as shown in tables.
    pub fn short(&self) -> &str {
        self.text.get(7..19).unwrap_or_default()
    }

    /// `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Hostile input may be long; errors quote its beginning.
fn clip(text: &str) -> String {
    text.chars().take(160).collect()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_and_refuses() {
        let ok = |t: &str| Digest::parse(t).is_ok();
        assert!(ok(&format!("sha256:{}", "0a".repeat(32))));
        assert!(ok(&format!("sha512:{}", "0a".repeat(64))));
        assert!(!ok(&format!("sha256:{}", "0A".repeat(32))));
        assert!(!ok(&format!("sha256:{}", "0a".repeat(31))));
        assert!(!ok(&format!("md5:{}", "0a".repeat(16))));
        assert!(!ok(&"0a".repeat(32)));
        assert!(!ok(
            "sha256:../../../../../../../../../../../../../../../../../../etc/passwdd"
        ));
    }

    #[test]
    fn bytes_become_text() {
        let d = Digest::from_sha256([0xab; 32]);
        assert_eq!(d.as_str(), format!("sha256:{}", "ab".repeat(32)));
        assert_eq!(d.hex(), "ab".repeat(32));
        assert_eq!(d.short(), "abababababab");
        let json = serde_json::to_string(&d).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), d);
        assert!(serde_json::from_str::<Digest>("\"sha256:x\"").is_err());
    }
}
