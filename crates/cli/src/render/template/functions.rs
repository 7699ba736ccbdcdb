//! What a template may call: Go's built-in functions and docker's additions.
//!
//! Leaves `and` and `or` with arguments to [`super::run`], which must not evaluate all of them.
//! Invariant: the names here are the names the parser accepts.

use super::compare;
use super::printf::printf;
use crate::render::json;
use crate::render::value::{Nothing, Shape, Value};

type Function = fn(&[Value]) -> Result<Value, String>;

const FUNCTIONS: &[(&str, Function)] = &[
    ("and", |all| Ok(pick(all, false))),
    ("or", |all| Ok(pick(all, true))),
    ("not", |all| Ok(Value::Bool(!only(all)?.truth()))),
    ("len", |all| len(only(all)?)),
    ("index", index),
    ("slice", slice),
    ("print", |all| Ok(Value::Text(print(all)))),
    ("println", |all| Ok(Value::Text(print_line(all)))),
    ("printf", |all| match all.split_first() {
        Some((format, rest)) => Ok(Value::Text(printf(&format.to_string(), rest))),
        None => Err("wrong number of args for printf: want at least 1 got 0".into()),
    }),
    ("html", |all| Ok(Value::Text(html(&print(all))))),
    ("js", |all| Ok(Value::Text(js(&print(all))))),
    ("urlquery", |all| Ok(Value::Text(url_query(&print(all))))),
    ("call", |_| Err("call of non-function".into())),
    ("eq", compare::equal),
    ("ne", |all| Ok(Value::Bool(!compare::equal(all)?.truth()))),
    ("lt", |all| compare::ordered(all, |order| order.is_lt())),
    ("le", |all| compare::ordered(all, |order| order.is_le())),
    ("gt", |all| compare::ordered(all, |order| order.is_gt())),
    ("ge", |all| compare::ordered(all, |order| order.is_ge())),
    ("json", |all| Ok(Value::Text(json::compact(only(all)?)))),
    ("split", |all| {
        let [text, separator] = texts(all)?;
        Ok(Value::List(
            text.split(separator.as_str()).map(Value::text).collect(),
        ))
    }),
    ("join", join),
    ("title", |all| Ok(Value::Text(title(&text(all)?)))),
    ("lower", |all| Ok(Value::Text(text(all)?.to_lowercase()))),
    ("upper", |all| Ok(Value::Text(text(all)?.to_uppercase()))),
    ("pad", pad),
    ("truncate", truncate),
];

/// Functions that leave a column's name as it is.
const PLAIN_IN_HEADERS: &[&str] = &["json", "title", "lower", "upper", "truncate"];

/// Whether there is a function `name`.
pub(super) fn exists(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, _)| *known == name)
}

/// Calls `name`; in a header, functions that change text do nothing.
pub(super) fn call(name: &str, arguments: &[Value], header: bool) -> Result<Value, String> {
    if header && PLAIN_IN_HEADERS.contains(&name) {
        return Ok(arguments
            .first()
            .cloned()
            .unwrap_or_else(|| Value::text("")));
    }
    let found = FUNCTIONS.iter().find(|(known, _)| *known == name);
    match found {
        Some((_, function)) => function(arguments),
        None => Err("no such function".into()),
    }
}

fn pick(all: &[Value], wanted: bool) -> Value {
    let found = all
        .iter()
        .find(|value| value.truth() == wanted)
        .or(all.last());
    found.cloned().unwrap_or(Value::Nil(Nothing::Missing))
}

fn only(all: &[Value]) -> Result<&Value, String> {
    match all {
        [value] => Ok(value),
        _ => Err(format!("wrong number of args: want 1 got {}", all.len())),
    }
}

fn text(all: &[Value]) -> Result<String, String> {
    let [text] = texts(all)?;
    Ok(text)
}

fn texts<const N: usize>(all: &[Value]) -> Result<[String; N], String> {
    let texts: Vec<String> = all
        .iter()
        .map(|value| match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(format!(
                "wrong type for value; expected string; got {}",
                other.type_name()
            )),
        })
        .collect::<Result<_, _>>()?;
    let got = texts.len();
    texts
        .try_into()
        .map_err(|_| format!("wrong number of args: want {N} got {got}"))
}

fn whole(value: &Value) -> Result<usize, String> {
    match value {
        Value::Int(number) => {
            usize::try_from(*number).map_err(|_| format!("index out of range: {number}"))
        }
        other => Err(format!(
            "cannot index slice/array with type {}",
            other.type_name()
        )),
    }
}

fn len(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(fields, Shape::Map | Shape::Structure) => fields.len(),
        Value::Nil(Nothing::List | Nothing::Map) => 0,
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(all: &[Value]) -> Result<Value, String> {
    let (first, rest) = all
        .split_first()
        .ok_or("wrong number of args: want at least 1 got 0")?;
    let mut value = first.clone();
    for key in rest {
        value = match (&value, key) {
            (Value::Map(..), Value::Text(name)) => match value.field(name) {
                Some(found) => found.clone(),
                // A map of texts has the empty text where there is nothing.
                None => Value::text(""),
            },
            (Value::Nil(Nothing::Map), Value::Text(_)) => Value::text(""),
            (Value::List(items), key) => {
                let at = whole(key)?;
                let found = items.get(at).cloned();
                found.ok_or_else(|| format!("index out of range: {at}"))?
            }
            (Value::Nil(Nothing::List), key) => {
                return Err(format!("index out of range: {}", whole(key)?));
            }
            (Value::Text(text), key) => {
                let at = whole(key)?;
                let byte = text.as_bytes().get(at);
                Value::Int(i64::from(
                    *byte.ok_or_else(|| format!("index out of range: {at}"))?,
                ))
            }
            (Value::Nil(_), _) => return Err("index of untyped nil".into()),
            (other, _) => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

fn slice(all: &[Value]) -> Result<Value, String> {
    let (value, bounds) = all
        .split_first()
        .ok_or("wrong number of args: want at least 1 got 0")?;
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let start = bounds.first().map_or(Ok(0), whole)?;
    let end = bounds.get(1).map_or(Ok(length), whole)?;
    for bound in [start, end] {
        if bound > length {
            return Err(format!("index out of range: {bound}"));
        }
    }
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    Ok(match value {
        Value::Text(text) => {
            let bytes = text.as_bytes().get(start..end).unwrap_or_default();
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
        Value::List(items) => Value::List(items.get(start..end).unwrap_or_default().to_vec()),
        other => other.clone(),
    })
}

/// Values side by side; a blank between two that are no texts.
fn print(all: &[Value]) -> String {
    let mut out = String::new();
    for (at, value) in all.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        if before.is_some_and(|before| !is_text(before) && !is_text(value)) {
            out.push(' ');
        }
        out.push_str(&shown(value));
    }
    out
}

fn print_line(all: &[Value]) -> String {
    let parts: Vec<String> = all.iter().map(shown).collect();
    format!("{}\n", parts.join(" "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Nil(Nothing::Missing) => "<nil>".into(),
        other => other.to_string(),
    }
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(letter))),
            control if control < ' ' => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => out.push(other),
        }
    }
    out
}

fn url_query(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn join(all: &[Value]) -> Result<Value, String> {
    let (items, separator) = match all {
        [Value::List(items), Value::Text(separator)] => (items.as_slice(), separator),
        [Value::Nil(_), Value::Text(separator)] => (&[][..], separator),
        [other, Value::Text(_)] => {
            let got = other.type_name();
            return Err(format!(
                "wrong type for value; expected []string; got {got}"
            ));
        }
        _ => return Err(format!("wrong number of args: want 2 got {}", all.len())),
    };
    let parts: Vec<String> = items.iter().map(ToString::to_string).collect();
    Ok(Value::Text(parts.join(separator)))
}

fn title(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        let starts = !before.is_alphanumeric() && before != '_' && before != '\'';
        if starts {
            out.extend(letter.to_uppercase());
        } else {
            out.push(letter);
        }
        before = letter;
    }
    out
}

fn pad(all: &[Value]) -> Result<Value, String> {
    let [Value::Text(text), left, right] = all else {
        return Err(format!("wrong number of args: want 3 got {}", all.len()));
    };
    if text.is_empty() {
        return Ok(Value::text(""));
    }
    let (left, right) = (whole(left)?.min(4096), whole(right)?.min(4096));
    Ok(Value::Text(format!("{:left$}{text}{:right$}", "", "")))
}

fn truncate(all: &[Value]) -> Result<Value, String> {
    let [Value::Text(text), most] = all else {
        return Err(format!("wrong number of args: want 2 got {}", all.len()));
    };
    Ok(Value::Text(text.chars().take(whole(most)?).collect()))
}
