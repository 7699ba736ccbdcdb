//! `eq` and the orders.
//!
//! Invariant: values of different kinds are never equal or ordered, they are an error, as in Go.

use std::cmp::Ordering;

use crate::render::value::Value;

const INCOMPATIBLE: &str = "incompatible types for comparison";

/// Whether the first equals any of the others.
pub(super) fn equal(all: &[Value]) -> Result<Value, String> {
    let (first, rest) = all.split_first().ok_or("missing argument for comparison")?;
    if rest.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in rest {
        let same = match (first, other) {
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Nil(_), Value::Nil(_)) => true,
            (Value::Nil(_), _) | (_, Value::Nil(_)) => false,
            _ => return Err(INCOMPATIBLE.into()),
        };
        if same {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// Whether two values stand in the order that `test` wants.
pub(super) fn ordered(all: &[Value], test: fn(Ordering) -> bool) -> Result<Value, String> {
    let [first, second] = all else {
        return Err(format!("wrong number of args: want 2 got {}", all.len()));
    };
    let order = match (first, second) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(_), Value::Bool(_)) => return Err("invalid type for comparison".into()),
        _ => return Err(INCOMPATIBLE.into()),
    };
    Ok(Value::Bool(test(order)))
}
