//! Follows a template's tree over a value and collects what it prints.
//!
//! Leaves what functions do to [`super::functions`]. Invariant: an error names the place and the
//! words that failed, and what was printed before it is kept.

use super::functions;
use super::parse::{Trees, parse};
use super::tree::{Command, Node, Pipe, Place, Word, WordKind};
use crate::render::value::{Nothing, Shape, Value};

/// A parsed template.
pub(crate) struct Template {
    trees: Trees,
}

impl Template {
    /// Parses `source`; the error is Go's text.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        Ok(Self {
            trees: parse(source)?,
        })
    }

    /// Prints `data`; the error is Go's text.
    pub(crate) fn render(&self, data: &Value) -> Result<String, String> {
        self.run(data, false)
    }

    /// Prints the names of columns: functions that change text leave them as they are.
    pub(crate) fn render_header(&self, names: &Value) -> Result<String, String> {
        self.run(names, true)
    }

    fn run(&self, data: &Value, header: bool) -> Result<String, String> {
        let mut run = Run {
            trees: &self.trees,
            out: String::new(),
            variables: vec![(String::new(), data.clone())],
            header,
            depth: 0,
        };
        run.tree("", data)?;
        Ok(run.out)
    }
}

/// Whether the loop around goes on.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Run<'t> {
    trees: &'t Trees,
    out: String,
    variables: Vec<(String, Value)>,
    header: bool,
    depth: usize,
}

impl Run<'_> {
    fn tree(&mut self, name: &str, dot: &Value) -> Result<(), String> {
        let nodes = self.trees.get(name).map_or(&[][..], Vec::as_slice);
        self.nodes(nodes, dot).map(drop)
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    if pipe.variables.is_empty() {
                        self.out.push_str(&value.to_string());
                    } else {
                        self.keep(pipe, value);
                    }
                }
                Node::Branch {
                    with,
                    pipe,
                    then,
                    otherwise,
                } => {
                    let depth = self.variables.len();
                    let value = self.pipe(pipe, dot)?;
                    self.keep(pipe, value.clone());
                    let flow = match value.truth() {
                        true => self.nodes(then, if *with { &value } else { dot })?,
                        false => self.nodes(otherwise, dot)?,
                    };
                    self.variables.truncate(depth);
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Range {
                    pipe,
                    body,
                    otherwise,
                } => self.range(pipe, (body, otherwise), dot)?,
                Node::Call { name, pipe, place } => self.call(name, pipe.as_ref(), (place, dot))?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::On)
    }

    fn keep(&mut self, pipe: &Pipe, value: Value) {
        for name in &pipe.variables {
            let known = self
                .variables
                .iter_mut()
                .rev()
                .find(|(known, _)| known == name);
            match known {
                Some((_, slot)) if pipe.assigns => *slot = value.clone(),
                _ => self.variables.push((name.clone(), value.clone())),
            }
        }
    }

    fn range(
        &mut self,
        pipe: &Pipe,
        (body, otherwise): (&[Node], &[Node]),
        dot: &Value,
    ) -> Result<(), String> {
        let value = self.pipe(pipe, dot)?;
        let items: Vec<(Value, Value)> = match &value {
            Value::Nil(_) => Vec::new(),
            Value::List(items) => {
                let index = |i: usize| Value::Int(i64::try_from(i).unwrap_or(i64::MAX));
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| (index(i), item.clone()))
                    .collect()
            }
            Value::Map(fields, Shape::Map | Shape::Structure | Shape::Event) => {
                Value::sorted(fields)
                    .into_iter()
                    .map(|(key, item)| (Value::text(key), item.clone()))
                    .collect()
            }
            Value::Int(count) => (0..*count)
                .map(|number| (Value::Int(number), Value::Int(number)))
                .collect(),
            other => {
                return Err(failed(
                    &pipe.place,
                    &format!("range can't iterate over {other}"),
                ));
            }
        };
        if items.is_empty() {
            self.nodes(otherwise, dot)?;
            return Ok(());
        }
        for (index, item) in items {
            let depth = self.variables.len();
            match pipe.variables.as_slice() {
                [] => {}
                [one] => self.variables.push((one.clone(), item.clone())),
                [first, second, ..] => {
                    self.variables.push((first.clone(), index));
                    self.variables.push((second.clone(), item.clone()));
                }
            }
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(depth);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        name: &str,
        pipe: Option<&Pipe>,
        (place, dot): (&Place, &Value),
    ) -> Result<(), String> {
        if !self.trees.contains_key(name) {
            return Err(failed(place, &format!("template {name:?} not defined")));
        }
        if self.depth >= 100 {
            return Err(failed(place, "exceeded maximum template depth (100)"));
        }
        let dot = match pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Nil(Nothing::Missing),
        };
        let outer = std::mem::replace(&mut self.variables, vec![(String::new(), dot.clone())]);
        self.depth += 1;
        let done = self.tree(name, &dot);
        self.depth -= 1;
        self.variables = outer;
        done
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or(Value::Nil(Nothing::Missing)))
    }

    fn command(
        &mut self,
        command: &Command,
        dot: &Value,
        last: Option<Value>,
    ) -> Result<Value, String> {
        let Some((first, rest)) = command.words.split_first() else {
            return Ok(Value::Nil(Nothing::Missing));
        };
        if let (WordKind::Function(name), None) = (&first.kind, &last)
            && matches!(name.as_str(), "and" | "or")
        {
            return self.short_circuit(name == "and", rest, dot);
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for word in rest {
            arguments.push(self.word(word, dot)?);
        }
        arguments.extend(last);
        if let WordKind::Function(name) = &first.kind {
            let value = functions::call(name, &arguments, self.header).map_err(|why| {
                let place = Place {
                    text: command.place.text.clone(),
                    ..first.place.clone()
                };
                failed(&place, &format!("error calling {name}: {why}"))
            })?;
            return follow(&value, &first.fields, &first.place);
        }
        let value = self.word(first, dot)?;
        self.apply(value, &arguments, first)
    }

    /// Calls a method, or refuses arguments of what is none.
    fn apply(&self, value: Value, arguments: &[Value], first: &Word) -> Result<Value, String> {
        let name = first.fields.last().map_or("", String::as_str);
        match value {
            Value::Method(method) => method(arguments).map_err(|why| failed(&first.place, &why)),
            _ if !arguments.is_empty() && first.fields.is_empty() => {
                let why = format!("can't give argument to non-function {}", first.place.text);
                Err(failed(&first.place, &why))
            }
            _ if !arguments.is_empty() => Err(failed(
                &first.place,
                &format!("{name} has arguments but cannot be invoked as function"),
            )),
            other => Ok(other),
        }
    }

    fn short_circuit(&mut self, and: bool, words: &[Word], dot: &Value) -> Result<Value, String> {
        let mut value = Value::Nil(Nothing::Missing);
        for word in words {
            value = self.word(word, dot)?;
            if value.truth() != and {
                break;
            }
        }
        Ok(value)
    }

    fn word(&mut self, word: &Word, dot: &Value) -> Result<Value, String> {
        let start = match &word.kind {
            // Followed by reference: a row of a table is not copied for each of its columns.
            WordKind::Dot => return follow(dot, &word.fields, &word.place),
            WordKind::Variable(name) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                let missing = Value::Nil(Nothing::Missing);
                let value = found.map_or(&missing, |(_, value)| value);
                return follow(value, &word.fields, &word.place);
            }
            WordKind::Nil => Value::Nil(Nothing::Pointer),
            WordKind::Bool(yes) => Value::Bool(*yes),
            WordKind::Int(number) => Value::Int(*number),
            WordKind::Float(number) => Value::Float(*number),
            WordKind::Text(text) => Value::Text(text.clone()),
            WordKind::Function(name) => functions::call(name, &[], self.header)
                .map_err(|why| failed(&word.place, &format!("error calling {name}: {why}")))?,
            WordKind::Pipe(pipe) => self.pipe(pipe, dot)?,
        };
        follow(&start, &word.fields, &word.place)
    }
}

/// Follows `fields` from `value`.
fn follow(start: &Value, fields: &[String], place: &Place) -> Result<Value, String> {
    const MISSING: &Value = &Value::Nil(Nothing::Missing);
    let mut value = start;
    for name in fields {
        value = match (value, value.field(name)) {
            (_, Some(found)) => found,
            (Value::Map(_, Shape::Map) | Value::Nil(Nothing::Map), None) => MISSING,
            (Value::Map(_, Shape::Row(kind)), None) => {
                return Err(failed(
                    place,
                    &format!("can't evaluate field {name} in type *{kind}"),
                ));
            }
            (Value::Map(_, Shape::Event), None) => {
                let why = format!("can't evaluate field {name} in type *events.Message");
                return Err(failed(place, &why));
            }
            (Value::Map(_, Shape::Structure), None) => {
                return Err(failed(place, &format!("map has no entry for key {name:?}")));
            }
            (Value::Nil(_), None) => {
                return Err(failed(
                    place,
                    &format!("nil data; no entry for key {name:?}"),
                ));
            }
            (_, None) => {
                let why = format!("can't evaluate field {name} in type interface {{}}");
                return Err(failed(place, &why));
            }
        };
    }
    Ok(value.clone())
}

/// Go's text of an error at a place.
fn failed(place: &Place, why: &str) -> String {
    let Place { line, column, text } = place;
    format!("template: :{line}:{column}: executing \"\" at <{text}>: {why}")
}
