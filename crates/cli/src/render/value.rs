//! [`Value`]: data as templates see it, with the difference between structures and maps kept.
//!
//! Leaves following paths to [`super::template`]. Invariant: the order of a document's fields
//! survives, because it is the order in which structures are printed.

use std::fmt;
use std::rc::Rc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A function on an object that takes words, such as `.Label "name"`.
pub(crate) type Method = Rc<dyn Fn(&[Value]) -> Result<Value, String>>;

/// A value in a template.
#[derive(Clone)]
pub(crate) enum Value {
    /// Nothing, of some type.
    Nil(Nothing),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Named values.
    Map(Vec<(String, Value)>, Shape),
    /// A function.
    Method(Method),
    /// Text that templates see and documents leave out while it says nothing.
    Hidden(String),
}

/// What kind of nothing: it decides how it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// A missing value: `<no value>`.
    Missing,
    /// A pointer to nothing: `<nil>`.
    Pointer,
    /// No list: `[]`.
    List,
    /// No map: `map[]`.
    Map,
}

/// What kind of named values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Fixed fields: a wrong name is an error.
    Structure,
    /// Free keys: a missing one has no value.
    Map,
    /// The row of a table: as a structure, named in errors as docker names its type.
    Row(&'static str),
    /// An event: a structure that Go knows the type of.
    Event,
}

/// Fields of docker's documents whose keys are data.
const MAPS: &[&str] = &[
    "Annotations",
    "Attributes",
    "Config.Config",
    "Data",
    "DriverOpts",
    "ExposedPorts",
    "Labels",
    "Networks",
    "Options",
    "PortBindings",
    "Ports",
    "StorageOpt",
    "Sysctls",
    "Tmpfs",
    "Volumes",
];

/// Fields that hold a pointer, so that nothing is `<nil>`.
const POINTERS: &[&str] = &[
    "GraphDriver",
    "Health",
    "Healthcheck",
    "Init",
    "MemorySwappiness",
    "OomKillDisable",
    "PidsLimit",
    "Platform",
    "StopTimeout",
];

impl Value {
    /// Text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Reads a JSON document.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Anything that can be written as JSON.
    pub(crate) fn of(data: &impl serde::Serialize) -> Self {
        serde_json::to_string(data)
            .and_then(|text| Self::from_json(&text))
            .unwrap_or(Self::Nil(Nothing::Missing))
    }

    /// The field of this name, exactly, or but for upper and lower case in structures.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Map(fields, shape) = self else {
            return None;
        };
        let exact = fields.iter().find(|(key, _)| key == name);
        let near = || {
            let alike = |key: &str| key.eq_ignore_ascii_case(name);
            fields
                .iter()
                .find(|(key, _)| matches!(shape, Shape::Structure | Shape::Event) && alike(key))
        };
        exact.or_else(near).map(|(_, value)| value)
    }

    /// Whether a condition holds: not nothing, not zero, not empty.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Nil(_) => false,
            Self::Bool(yes) => *yes,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) | Self::Hidden(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(fields, Shape::Map) => !fields.is_empty(),
            Self::Map(..) | Self::Method(_) => true,
        }
    }

    /// The name of this value's type, for errors and `%T`.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil(_) => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) | Self::Hidden(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_, Shape::Row(name)) => name,
            Self::Map(..) => "map[string]interface {}",
            Self::Method(_) => "func",
        }
    }

    /// Fields sorted by name, as maps are shown.
    pub(crate) fn sorted(fields: &[(String, Self)]) -> Vec<&(String, Self)> {
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil(Nothing::Missing) => f.write_str("<no value>"),
            Self::Nil(_) | Self::Bool(_) => write_plain(self, f),
            Self::Int(_) | Self::Float(_) | Self::Text(_) | Self::Hidden(_) => write_plain(self, f),
            Self::List(_) | Self::Map(..) | Self::Method(_) => write_plain(self, f),
        }
    }
}

fn write_plain(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Nil(Nothing::Missing | Nothing::Pointer) => f.write_str("<nil>"),
        Value::Nil(Nothing::List) => f.write_str("[]"),
        Value::Nil(Nothing::Map) => f.write_str("map[]"),
        Value::Bool(yes) => write!(f, "{yes}"),
        Value::Int(number) => write!(f, "{number}"),
        Value::Float(number) => f.write_str(&show_float(*number)),
        Value::Text(text) | Value::Hidden(text) => f.write_str(text),
        Value::Method(_) => f.write_str("<func>"),
        Value::List(items) => {
            f.write_str("[")?;
            for (index, item) in items.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { " " })?;
                write_plain(item, f)?;
            }
            f.write_str("]")
        }
        Value::Map(fields, Shape::Map) => {
            f.write_str("map[")?;
            for (index, (key, item)) in Value::sorted(fields).into_iter().enumerate() {
                write!(f, "{}{key}:", if index == 0 { "" } else { " " })?;
                write_plain(item, f)?;
            }
            f.write_str("]")
        }
        Value::Map(fields, _) => {
            f.write_str("{")?;
            for (index, (_, item)) in fields.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { " " })?;
                write_plain(item, f)?;
            }
            f.write_str("}")
        }
    }
}

/// A float as `%v` shows it.
pub(crate) fn show_float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    number.to_string()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil(Nothing::Missing))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "JSON numbers this large are floats in Go too"
        )]
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = shaped(&key, entries.next_value()?, &fields);
            fields.push((key, value));
        }
        Ok(Value::Map(fields, Shape::Structure))
    }
}

/// Gives the field `key` the shape its name tells; `before` are its elder siblings.
fn shaped(key: &str, value: Value, before: &[(String, Value)]) -> Value {
    // LogConfig's Config holds options, while a container's Config has fixed fields.
    let options = key == "Config" && matches!(before, [(first, _)] if first == "Type");
    let map = MAPS.contains(&key) || options;
    match value {
        Value::Map(fields, _) if map => Value::Map(fields, Shape::Map),
        Value::Nil(_) if map => Value::Nil(Nothing::Map),
        Value::Nil(_) if POINTERS.contains(&key) => Value::Nil(Nothing::Pointer),
        Value::Nil(_) => Value::Nil(Nothing::List),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_go_prints_them() {
        let check = |json: &str, expected: &str| {
            assert_eq!(
                Value::from_json(json).unwrap().to_string(),
                expected,
                "{json}"
            );
        };
        check("1", "1");
        check("2.5", "2.5");
        check("[1,2.5,\"x\",true]", "[1 2.5 x true]");
        check("{\"b\":1,\"a\":\"x\"}", "{1 x}");
        check("{\"Labels\":{\"b\":\"2\",\"a\":\"1\"}}", "{map[a:1 b:2]}");
        check(
            "{\"Binds\":null,\"PidsLimit\":null,\"Labels\":null}",
            "{[] <nil> map[]}",
        );
        check(
            "{\"Type\":\"json-file\",\"Config\":{}}",
            "{json-file map[]}",
        );
        assert_eq!(show_float(1e21), "1e+21");
        assert_eq!(show_float(0.00001), "1e-05");
    }
}
