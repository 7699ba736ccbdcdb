//! Reads the tokens of one action: pipelines, commands, words.
//!
//! Leaves branches and loops to [`super::parse`]. Invariant: after a pipeline its closing token has
//! been read.

use super::functions;
use super::lex::{Fail, Kind, Token};
use super::tree::{Command, Pipe, Place, Word, WordKind};

/// The tokens of a template, and the variables known so far.
pub(super) struct Reader<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    at: usize,
    /// Names of variables in scope; `$` is the empty one.
    pub(super) variables: Vec<String>,
    depth: usize,
}

/// How deep parentheses and blocks may nest: a template is no reason to run out of stack.
const DEEPEST: usize = 200;

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s str, tokens: Vec<Token>) -> Self {
        Self {
            source,
            tokens,
            at: 0,
            variables: vec![String::new()],
            depth: 0,
        }
    }

    /// Where the last token read starts.
    pub(super) fn offset(&self) -> usize {
        self.tokens
            .get(self.at.saturating_sub(1))
            .map_or(0, |token| token.start)
    }

    /// Where the next token starts.
    fn ahead(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(self.source.len(), |token| token.start)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    pub(super) fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.peek() == Some(&Kind::Blank) {
            self.at += 1;
        }
    }

    /// The bare word that comes next, if one does.
    pub(super) fn word(&mut self) -> Option<String> {
        self.skip_blanks();
        match self.peek() {
            Some(Kind::Word(word)) => Some(word.clone()),
            _ => None,
        }
    }

    pub(super) fn fail<T>(&self, text: impl Into<String>) -> Result<T, Fail> {
        Err((self.offset(), text.into()))
    }

    pub(super) fn unexpected(&self, token: &Token, context: &str) -> Fail {
        let text = self.source.get(token.start..token.end).unwrap_or_default();
        (token.start, format!("unexpected {text:?} in {context}"))
    }

    /// The place of the last token read.
    pub(super) fn here(&self) -> Place {
        self.place(self.offset(), self.ahead())
    }

    fn place(&self, start: usize, end: usize) -> Place {
        let before = self.source.get(..start).unwrap_or_default();
        Place {
            line: before.matches('\n').count() + 1,
            column: before
                .rfind('\n')
                .map_or(start, |newline| start - newline - 1),
            text: self
                .source
                .get(start..end)
                .unwrap_or_default()
                .trim()
                .to_owned(),
        }
    }

    /// Goes one level deeper, if there is room.
    pub(super) fn deeper(&mut self) -> Result<(), Fail> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail(format!("max expression depth ({DEEPEST}) exceeded"));
        }
        Ok(())
    }

    /// Comes back up one level.
    pub(super) fn back(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads `}}`.
    pub(super) fn close(&mut self, context: &str) -> Result<(), Fail> {
        self.skip_blanks();
        match self.next() {
            Some(Token {
                kind: Kind::Close, ..
            }) => Ok(()),
            Some(token) => Err(self.unexpected(&token, context)),
            None => self.fail(format!("unexpected EOF in {context}")),
        }
    }

    /// Reads a pipeline up to `}}`.
    pub(super) fn pipe(&mut self, context: &str) -> Result<Pipe, Fail> {
        self.pipeline(context, false)
    }

    /// Reads a pipeline up to `}}`, or `)` when `inner`.
    fn pipeline(&mut self, context: &str, inner: bool) -> Result<Pipe, Fail> {
        self.skip_blanks();
        let start = self.ahead();
        let (variables, assigns) = self.declaration(context)?;
        let mut commands = Vec::new();
        loop {
            self.skip_blanks();
            let first = self.ahead();
            let words = self.words()?;
            if words.is_empty() {
                let of = if commands.is_empty() {
                    context
                } else {
                    "command"
                };
                return self.fail(format!("missing value for {of}"));
            }
            commands.push(Command {
                words,
                place: self.place(first, self.ahead()),
            });
            let stop = self.ahead();
            match self.next().map(|token| token.kind) {
                Some(Kind::Sign("|")) => {}
                Some(Kind::Close) if inner => return self.fail("unclosed left paren"),
                Some(Kind::Sign(")")) if !inner => return self.fail("unexpected right paren"),
                Some(Kind::Close | Kind::Sign(")")) => {
                    self.check_stages(&commands)?;
                    if !assigns {
                        self.variables.extend(variables.iter().cloned());
                    }
                    let place = self.place(start, stop);
                    return Ok(Pipe {
                        variables,
                        assigns,
                        commands,
                        place,
                    });
                }
                Some(_) => return self.fail(format!("unexpected token in {context}")),
                None => return self.fail("unclosed action"),
            }
        }
    }

    /// After the first, a command must be something that takes an argument.
    fn check_stages(&self, commands: &[Command]) -> Result<(), Fail> {
        for (index, command) in commands.iter().enumerate().skip(1) {
            let Some(first) = command.words.first() else {
                continue;
            };
            let callable = match first.kind {
                WordKind::Function(_) => true,
                WordKind::Dot | WordKind::Variable(_) => !first.fields.is_empty(),
                _ => false,
            };
            if !callable {
                let stage = index + 1;
                return self.fail(format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    /// `$x :=`, `$x =`, `$i, $x :=`.
    fn declaration(&mut self, context: &str) -> Result<(Vec<String>, bool), Fail> {
        let before = self.at;
        let mut names = Vec::new();
        while let Some(Kind::Variable(name)) = self.peek().cloned() {
            self.skip();
            names.push(name);
            self.skip_blanks();
            match self.peek() {
                Some(Kind::Sign(",")) if context == "range" && names.len() == 1 => self.skip(),
                Some(Kind::Sign(",")) => {
                    return self.fail(format!("too many declarations in {context}"));
                }
                Some(Kind::Sign(":=")) => {
                    self.skip();
                    return Ok((names, false));
                }
                Some(Kind::Sign("=")) => {
                    self.skip();
                    names.iter().try_for_each(|name| self.known(name))?;
                    return Ok((names, true));
                }
                _ => break,
            }
            self.skip_blanks();
        }
        self.at = before;
        Ok((Vec::new(), false))
    }

    fn known(&self, name: &str) -> Result<(), Fail> {
        if self.variables.iter().any(|known| known == name) {
            return Ok(());
        }
        self.fail(format!("undefined variable \"${name}\""))
    }

    fn words(&mut self) -> Result<Vec<Word>, Fail> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            let Some(token) = self.tokens.get(self.at).cloned() else {
                return Ok(words);
            };
            if matches!(token.kind, Kind::Close | Kind::Sign("|" | ")")) {
                return Ok(words);
            }
            self.skip();
            let mut fields = Vec::new();
            let kind = match token.kind {
                Kind::Sign("(") => {
                    self.deeper()?;
                    let inner = self.pipeline("parenthesized pipeline", true)?;
                    self.back();
                    WordKind::Pipe(Box::new(inner))
                }
                Kind::Field(name) => {
                    fields.extend((!name.is_empty()).then_some(name));
                    WordKind::Dot
                }
                Kind::Variable(name) => {
                    self.known(&name)?;
                    WordKind::Variable(name)
                }
                Kind::Word(name) => self.bare(&name)?,
                Kind::Number(text) => number(&text),
                Kind::Text(text) => WordKind::Text(text),
                _ => return Err(self.unexpected(&token, "operand")),
            };
            words.push(self.chain(kind, fields, token.start));
        }
    }

    fn bare(&self, name: &str) -> Result<WordKind, Fail> {
        Ok(match name {
            "true" => WordKind::Bool(true),
            "false" => WordKind::Bool(false),
            "nil" => WordKind::Nil,
            name if functions::exists(name) => WordKind::Function(name.to_owned()),
            name => return self.fail(format!("function {name:?} not defined")),
        })
    }

    /// Adds the fields that follow without a blank.
    fn chain(&mut self, kind: WordKind, mut fields: Vec<String>, start: usize) -> Word {
        let mut second = None;
        while let Some(Kind::Field(name)) = self.peek().cloned() {
            if name.is_empty() {
                break;
            }
            second = second.or(Some(self.ahead()));
            self.skip();
            fields.push(name);
        }
        let end = self
            .tokens
            .get(self.at.saturating_sub(1))
            .map_or(start, |token| token.end);
        let mut place = self.place(start, end);
        // As Go: a chain of fields stands where its second link does.
        place.column += second.map_or(0, |second| second - start);
        Word {
            kind,
            fields,
            place,
        }
    }
}

fn number(text: &str) -> WordKind {
    let plain = text.replace('_', "");
    match hull_model::grammar::number::signed(&plain) {
        Ok(number) => WordKind::Int(number),
        Err(_) => WordKind::Float(plain.parse().unwrap_or(0.0)),
    }
}
