//! `printf`: Go's verbs `%v %s %d %q %x %X %o %b %c %t %f %e %g %T %%` with flags and widths.
//!
//! Invariant: a wrong verb or a missing argument shows in the text, as in Go, and is no error.

use crate::render::json;
use crate::render::value::{Value, show_float};

/// `format` with `arguments` in place of its verbs.
pub(super) fn printf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = letters.next_if(|c| "+-# 0".contains(*c)) {
            spec.flag(flag);
        }
        spec.width = count(&mut letters, &mut arguments);
        if letters.next_if_eq(&'.').is_some() {
            spec.precision = Some(count(&mut letters, &mut arguments).unwrap_or(0));
        }
        match letters.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match arguments.next() {
                Some(value) => out.push_str(&spec.show(verb, value)),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
    }
    let rest: Vec<String> = arguments
        .map(|value| format!("{}={value}", value.type_name()))
        .collect();
    if !rest.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", rest.join(", ")));
    }
    out
}

/// A number, or `*` for the next argument.
fn count<'v>(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    arguments: &mut impl Iterator<Item = &'v Value>,
) -> Option<usize> {
    if letters.next_if_eq(&'*').is_some() {
        return match arguments.next() {
            Some(Value::Int(number)) => usize::try_from(*number).ok().map(|n| n.min(4096)),
            _ => None,
        };
    }
    let mut digits = String::new();
    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok().map(|n: usize| n.min(4096))
}

#[derive(Default)]
struct Spec {
    plus: bool,
    left: bool,
    sharp: bool,
    blank: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Spec {
    fn flag(&mut self, flag: char) {
        match flag {
            '+' => self.plus = true,
            '-' => self.left = true,
            '#' => self.sharp = true,
            ' ' => self.blank = true,
            _ => self.zero = true,
        }
    }

    fn show(&self, verb: char, value: &Value) -> String {
        let (text, numeric) = match self.body(verb, value) {
            Some(shown) => shown,
            None => return format!("%!{verb}({}={value})", value.type_name()),
        };
        let length = text.chars().count();
        let fill = self.width.unwrap_or(0).saturating_sub(length);
        if self.left {
            return format!("{text}{:fill$}", "");
        }
        if self.zero && numeric {
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(digits) => text.split_at(text.len() - digits.len()),
                None => ("", text.as_str()),
            };
            return format!("{sign}{}{digits}", "0".repeat(fill));
        }
        format!("{:fill$}{text}", "")
    }

    /// The text of `value`, and whether it is a number's.
    fn body(&self, verb: char, value: &Value) -> Option<(String, bool)> {
        Some(match (verb, value) {
            ('v', Value::Text(text)) if self.sharp => (json::compact(&Value::text(text)), false),
            ('v', Value::Int(number)) => (self.signed(number.to_string()), true),
            ('v', Value::Text(text)) => (self.cut(text), false),
            ('v', value) => (value.to_string(), false),
            ('T', value) => (value.type_name().to_owned(), false),
            ('t', Value::Bool(yes)) => (yes.to_string(), false),
            ('s', Value::Text(text)) => (self.cut(text), false),
            ('s', Value::List(items)) => {
                let parts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| Some(self.body('s', item)?.0))
                    .collect();
                (format!("[{}]", parts?.join(" ")), false)
            }
            ('s', value @ Value::Map(..)) => (value.to_string(), false),
            ('q', Value::Text(text)) => (json::compact(&Value::text(self.cut(text))), false),
            ('q', Value::List(items)) => {
                let parts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| Some(self.body('q', item)?.0))
                    .collect();
                (format!("[{}]", parts?.join(" ")), false)
            }
            ('x', Value::Text(text)) => (hex(text, false), false),
            ('X', Value::Text(text)) => (hex(text, true), false),
            (_, Value::Int(number)) => (self.integer(verb, *number)?, true),
            (_, Value::Float(number)) => (self.float(verb, *number)?, true),
            _ => return None,
        })
    }

    fn cut(&self, text: &str) -> String {
        text.chars()
            .take(self.precision.unwrap_or(usize::MAX))
            .collect()
    }

    fn signed(&self, digits: String) -> String {
        match (digits.starts_with('-'), self.plus, self.blank) {
            (false, true, _) => format!("+{digits}"),
            (false, false, true) => format!(" {digits}"),
            _ => digits,
        }
    }

    fn integer(&self, verb: char, number: i64) -> Option<String> {
        let sign = if number < 0 { "-" } else { "" };
        let size = number.unsigned_abs();
        let prefix = |prefix: &'static str| if self.sharp { prefix } else { "" };
        Some(match verb {
            'd' => self.signed(number.to_string()),
            'x' => format!("{sign}{}{size:x}", prefix("0x")),
            'X' => format!("{sign}{}{size:X}", prefix("0X")),
            'o' => format!("{sign}{}{size:o}", prefix("0")),
            'b' => format!("{sign}{size:b}"),
            'c' => u32::try_from(number)
                .ok()
                .and_then(char::from_u32)?
                .to_string(),
            'q' => format!("{:?}", u32::try_from(number).ok().and_then(char::from_u32)?),
            _ => return None,
        })
    }

    fn float(&self, verb: char, number: f64) -> Option<String> {
        let precision = self.precision.unwrap_or(6);
        Some(match verb {
            'f' | 'F' => self.signed(format!("{number:.precision$}")),
            'e' => {
                let text = format!("{number:.precision$e}");
                let (mantissa, exponent) = text.split_once('e')?;
                let (sign, digits) = match exponent.strip_prefix('-') {
                    Some(digits) => ('-', digits),
                    None => ('+', exponent),
                };
                self.signed(format!("{mantissa}e{sign}{digits:0>2}"))
            }
            'g' => match self.precision {
                Some(digits) => hull_model::size::significant(number, digits.max(1)),
                None => show_float(number),
            },
            _ => return None,
        })
    }
}

fn hex(text: &str, upper: bool) -> String {
    let digits = |byte: u8| {
        if upper {
            format!("{byte:02X}")
        } else {
            format!("{byte:02x}")
        }
    };
    text.bytes().map(digits).collect()
}
