//! JSON as Go writes it: escapes, indents of four, key order as given or sorted for rows.
//!
//! Invariant: what is read back is what was there; only `<`, `>` and `&` of rows are escaped.

use super::value::{Shape, Value, show_float};

/// `value` on one line.
pub(crate) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None, false);
    out
}

/// `value` over many lines, indented by four blanks.
pub(crate) fn indented(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(0), false);
    out
}

fn write(out: &mut String, value: &Value, depth: Option<usize>, html: bool) {
    match value {
        Value::Nil(_) | Value::Method(_) => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&show_float(*number)),
        Value::Text(text) | Value::Hidden(text) => write_text(out, text, html),
        Value::List(items) => {
            let items = items.iter().map(|item| (None, item));
            write_members(out, ('[', ']'), items, (depth, html));
        }
        Value::Map(fields, Shape::Row(_)) => {
            let plain = Value::sorted(fields).into_iter();
            let plain = plain.filter(|(_, value)| !matches!(value, Value::Method(_)));
            let members = plain.map(|(key, item)| (Some(key.as_str()), item));
            write_members(out, ('{', '}'), members, (depth, true));
        }
        Value::Map(fields, Shape::Map) => {
            let members = Value::sorted(fields).into_iter();
            let members = members.map(|(key, item)| (Some(key.as_str()), item));
            write_members(out, ('{', '}'), members, (depth, html));
        }
        Value::Map(fields, Shape::Structure | Shape::Event) => {
            let shown = |(_, value): &&(String, Value)| !matches!(value, Value::Hidden(_));
            let members = fields
                .iter()
                .filter(shown)
                .map(|(key, item)| (Some(key.as_str()), item));
            write_members(out, ('{', '}'), members, (depth, html));
        }
    }
}

fn write_members<'v>(
    out: &mut String,
    (open, close): (char, char),
    members: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    (depth, html): (Option<usize>, bool),
) {
    out.push(open);
    let mut count = 0;
    for (key, item) in members {
        if count > 0 {
            out.push(',');
        }
        count += 1;
        new_line(out, depth.map(|depth| depth + 1));
        if let Some(key) = key {
            write_text(out, key, html);
            out.push_str(if depth.is_some() { ": " } else { ":" });
        }
        write(out, item, depth.map(|depth| depth + 1), html);
    }
    if count > 0 {
        new_line(out, depth);
    }
    out.push(close);
}

fn new_line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    }
}

fn write_text(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if html => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            control if u32::from(control) < 0x20 => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_survives_in_order() {
        let text = r#"{"b":1,"a":[],"Labels":{},"c":[1,{"x":null}],"t":"<\n\u0001é"}"#;
        let value = Value::from_json(text).unwrap();
        assert_eq!(compact(&value), text);
        let expected = "{\n    \"b\": 1,\n    \"a\": [],\n    \"c\": [\n        \"x\"\n    ]\n}";
        let value = Value::from_json(r#"{"b":1,"a":[],"c":["x"]}"#).unwrap();
        assert_eq!(indented(&value), expected);
        let row = Value::Map(
            vec![
                ("B".into(), Value::text("<none>")),
                ("A".into(), Value::Int(1)),
            ],
            Shape::Row("r"),
        );
        assert_eq!(compact(&row), r#"{"A":1,"B":"\u003cnone\u003e"}"#);
    }
}
