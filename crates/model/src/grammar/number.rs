//! Numbers as flags take them: decimal, hexadecimal (`0x`), octal (`0o`, `0`), binary (`0b`).
//!
//! Leaves ranges with a meaning to the noun. Invariant: a refusal says which of "not a number" and
//! "too large" it was.

use crate::error::Error;

/// A signed number.
pub fn signed(word: &str) -> Result<i64, Error> {
    let fail = |why| Error::number("ParseInt", word, why);
    let (negative, digits) = match word.as_bytes().first() {
        Some(b'-') => (true, word.get(1..).unwrap_or_default()),
        Some(b'+') => (false, word.get(1..).unwrap_or_default()),
        _ => (false, word),
    };
    let value = magnitude(digits).map_err(fail)?;
    let value = if negative { -value } else { value };
    i64::try_from(value).map_err(|_| fail("value out of range"))
}

/// An unsigned number of at most `bits` bits.
pub fn unsigned(word: &str, bits: u32) -> Result<u64, Error> {
    let fail = |why| Error::number("ParseUint", word, why);
    let value = magnitude(word).map_err(fail)?;
    let fits = bits >= 64 || value < 1_i128 << bits;
    u64::try_from(value)
        .ok()
        .filter(|_| fits)
        .ok_or_else(|| fail("value out of range"))
}

/// A yes or no, as flags take it: `1 t T true TRUE True` and their opposites.
pub fn boolean(word: &str) -> Result<bool, Error> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(Error::number("ParseBool", word, "invalid syntax")),
    }
}

fn magnitude(digits: &str) -> Result<i128, &'static str> {
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..)),
        [b'0', b'o', ..] => (8, lower.get(2..)),
        [b'0', b'b', ..] => (2, lower.get(2..)),
        [b'0', _, ..] => (8, lower.get(1..)),
        _ => (10, Some(lower.as_str())),
    };
    let digits = digits.unwrap_or_default();
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err("invalid syntax");
    }
    i128::from_str_radix(digits, radix).map_err(|_| "value out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        let check = |word: &str, expected: Result<i64, &str>| {
            assert_eq!(
                signed(word).map_err(|e| e.to_string()),
                expected.map_err(str::to_owned)
            );
        };
        check("10", Ok(10));
        check("-1", Ok(-1));
        check("0x10", Ok(16));
        check("010", Ok(8));
        check("0", Ok(0));
        check("x", Err("strconv.ParseInt: parsing \"x\": invalid syntax"));
        check("", Err("strconv.ParseInt: parsing \"\": invalid syntax"));
        check(
            "9223372036854775808",
            Err("strconv.ParseInt: parsing \"9223372036854775808\": value out of range"),
        );
        assert_eq!(unsigned("65535", 16), Ok(65535));
        assert!(unsigned("65536", 16).is_err());
        assert!(unsigned("-1", 16).is_err());
        assert_eq!(boolean("T"), Ok(true));
        assert!(boolean("maybe").is_err());
    }
}
