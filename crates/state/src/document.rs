//! [`Document`]: a JSON column that is parsed only when somebody looks into it.
//!
//! `ps -a` reads a thousand wishes and looks into none. Invariant: a document read from the ledger
//! and not replaced is written back byte for byte, unknown fields included.

use std::cell::OnceCell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A value and its JSON.
#[derive(Debug, Clone)]
pub struct Document<T> {
    json: String,
    value: OnceCell<T>,
}

impl<T: Serialize + DeserializeOwned> Document<T> {
    /// A document holding `value`.
    pub fn new(value: T) -> Result<Self> {
        let json = serde_json::to_string(&value).map_err(|source| Error::Encode {
            what: "a container's wish",
            source,
        })?;
        Ok(Self {
            json,
            value: OnceCell::from(value),
        })
    }

    /// The document whose bytes were stored.
    pub fn from_json(json: String) -> Self {
        Self {
            json,
            value: OnceCell::new(),
        }
    }

    /// The JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The value, parsed on the first call.
    pub fn get(&self) -> Result<&T> {
        if self.value.get().is_none() {
            let value = serde_json::from_str(&self.json).map_err(|source| Error::Row {
                what: "the wish",
                subject: self.json.chars().take(40).collect(),
                source,
            })?;
            // A racing set is impossible: the cell is not shared between threads.
            self.value.set(value).ok();
        }
        self.value.get().ok_or_else(|| Error::Malformed {
            what: "wish",
            text: String::new(),
        })
    }
}
