//! Makes the tree of a template from its tokens: texts, branches, loops.
//!
//! Leaves pipelines to [`super::pipeline`] and following the tree to [`super::run`]. Invariant: a
//! variable or function that does not exist is found here, before anything is printed.

use std::collections::BTreeMap;

use super::lex::{Fail, Kind, Token, lex};
use super::pipeline::Reader;
use super::tree::Node;

/// Nodes of the template, and of those it defines, by name.
pub(super) type Trees = BTreeMap<String, Vec<Node>>;

/// Parses `source`; the main template has the empty name.
pub(super) fn parse(source: &str) -> Result<Trees, String> {
    let located = |(at, text): Fail| {
        let line = source
            .get(..at)
            .map_or(1, |before| before.matches('\n').count() + 1);
        format!("template: :{line}: {text}")
    };
    let tokens = lex(source).map_err(located)?;
    let mut parser = Parser {
        reader: Reader::new(source, tokens),
        trees: Trees::new(),
    };
    let (nodes, end) = parser.nodes(false).map_err(located)?;
    if let Some(end) = end {
        return Err(located((
            parser.reader.offset(),
            format!("unexpected {{{{{end}}}}}"),
        )));
    }
    parser.trees.insert(String::new(), nodes);
    Ok(parser.trees)
}

struct Parser<'s> {
    reader: Reader<'s>,
    trees: Trees,
}

impl Parser<'_> {
    /// Reads nodes up to `end`, `else` or the end of the text; what ended them.
    fn nodes(&mut self, in_loop: bool) -> Result<(Vec<Node>, Option<String>), Fail> {
        self.reader.deeper()?;
        let read = self.nodes_here(in_loop);
        self.reader.back();
        read
    }

    fn nodes_here(&mut self, in_loop: bool) -> Result<(Vec<Node>, Option<String>), Fail> {
        let mut nodes = Vec::new();
        while let Some(token) = self.reader.next() {
            match token.kind {
                Kind::Outside(text) => nodes.push(Node::Text(text)),
                Kind::Open => match self.reader.word() {
                    Some(word) if word == "end" || word == "else" => {
                        self.reader.skip();
                        if word == "end" {
                            self.reader.close("end")?;
                        }
                        return Ok((nodes, Some(word)));
                    }
                    Some(word) if KEYWORDS.contains(&word.as_str()) => {
                        self.reader.skip();
                        nodes.extend(self.keyword(&word, in_loop)?);
                    }
                    _ => nodes.push(Node::Action(self.reader.pipe("command")?)),
                },
                _ => return self.reader.fail("unexpected token"),
            }
        }
        Ok((nodes, None))
    }

    fn keyword(&mut self, word: &str, in_loop: bool) -> Result<Option<Node>, Fail> {
        Ok(match word {
            "if" | "with" => Some(self.branch(word, in_loop)?),
            "range" => Some(self.range()?),
            "template" => Some(self.call()?),
            "define" | "block" => self.define(word == "block")?,
            _ if !in_loop => {
                return self
                    .reader
                    .fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
            }
            _ => {
                self.reader.close(word)?;
                Some(if word == "break" {
                    Node::Break
                } else {
                    Node::Continue
                })
            }
        })
    }

    fn branch(&mut self, word: &str, in_loop: bool) -> Result<Node, Fail> {
        let depth = self.reader.variables.len();
        let pipe = self.reader.pipe(word)?;
        let (then, end) = self.nodes(in_loop)?;
        let otherwise = self.otherwise(word, end, in_loop)?;
        self.reader.variables.truncate(depth);
        Ok(Node::Branch {
            with: word == "with",
            pipe,
            then,
            otherwise,
        })
    }

    fn range(&mut self) -> Result<Node, Fail> {
        let depth = self.reader.variables.len();
        let pipe = self.reader.pipe("range")?;
        let (body, end) = self.nodes(true)?;
        let otherwise = self.otherwise("range", end, false)?;
        self.reader.variables.truncate(depth);
        Ok(Node::Range {
            pipe,
            body,
            otherwise,
        })
    }

    /// What follows `{{else` of `word`, up to its `{{end}}`.
    fn otherwise(
        &mut self,
        word: &str,
        end: Option<String>,
        in_loop: bool,
    ) -> Result<Vec<Node>, Fail> {
        match end.as_deref() {
            None => self.reader.fail("unexpected EOF"),
            Some("end") => Ok(Vec::new()),
            Some(_) => {
                if word != "range" && self.reader.word().as_deref() == Some(word) {
                    self.reader.skip();
                    return Ok(vec![self.branch(word, in_loop)?]);
                }
                self.reader.close("else")?;
                match self.nodes(in_loop)? {
                    (nodes, Some(end)) if end == "end" => Ok(nodes),
                    (_, Some(_)) => self.reader.fail("expected end; found {{else}}"),
                    (_, None) => self.reader.fail("unexpected EOF"),
                }
            }
        }
    }

    fn name(&mut self, context: &str) -> Result<String, Fail> {
        self.reader.skip_blanks();
        match self.reader.next() {
            Some(Token {
                kind: Kind::Text(name),
                ..
            }) => Ok(name),
            Some(token) => Err(self.reader.unexpected(&token, context)),
            None => self.reader.fail(format!("unexpected EOF in {context}")),
        }
    }

    fn call(&mut self) -> Result<Node, Fail> {
        self.reader.skip_blanks();
        let name = self.name("template clause")?;
        let mut place = self.reader.here();
        place.text = format!("{{{{template {name:?}}}}}");
        self.reader.skip_blanks();
        if self.reader.peek() == Some(&Kind::Close) {
            self.reader.skip();
            return Ok(Node::Call {
                name,
                pipe: None,
                place,
            });
        }
        Ok(Node::Call {
            name,
            pipe: Some(self.reader.pipe("template clause")?),
            place,
        })
    }

    fn define(&mut self, block: bool) -> Result<Option<Node>, Fail> {
        let context = if block {
            "block clause"
        } else {
            "define clause"
        };
        let name = self.name(context)?;
        let place = self.reader.here();
        let pipe = if block {
            Some(self.reader.pipe(context)?)
        } else {
            self.reader.close(context)?;
            None
        };
        let outer = std::mem::replace(&mut self.reader.variables, vec![String::new()]);
        let (nodes, end) = self.nodes(false)?;
        self.reader.variables = outer;
        if end.as_deref() != Some("end") {
            return self.reader.fail(format!("unexpected EOF in {context}"));
        }
        self.trees.insert(name.clone(), nodes);
        Ok(pipe.map(|pipe| Node::Call {
            name,
            pipe: Some(pipe),
            place,
        }))
    }
}

const KEYWORDS: &[&str] = &[
    "if", "with", "range", "template", "define", "block", "break", "continue",
];
