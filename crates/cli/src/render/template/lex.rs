//! Cuts a template into text and tokens.
//!
//! Invariant: a token keeps where it starts, so that errors can point at it.

/// One token of an action, or the text between two.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte offset in the template.
    pub(super) start: usize,
    /// Byte offset after it.
    pub(super) end: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Text outside of actions.
    Outside(String),
    /// `{{`.
    Open,
    /// `}}`.
    Close,
    /// `.Name`; `.` alone is empty.
    Field(String),
    /// `$name`, without the dollar.
    Variable(String),
    /// A bare word.
    Word(String),
    /// A number or character.
    Number(String),
    /// A quoted text, unquoted.
    Text(String),
    /// `|`, `(`, `)`, `,`, `=`, `:=`.
    Sign(&'static str),
    /// Blanks inside an action.
    Blank,
}

/// Where something is wrong, and what.
pub(super) type Fail = (usize, String);

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Cuts `source`.
pub(super) fn lex(source: &str) -> Result<Vec<Token>, Fail> {
    let mut tokens = Vec::new();
    let mut rest = 0;
    let mut trim_next = false;
    while let Some(found) = source.get(rest..).and_then(|tail| tail.find("{{")) {
        let open = rest + found;
        let inside = open + 2;
        let tail = source.get(inside..).unwrap_or_default();
        let trims = tail
            .strip_prefix('-')
            .is_some_and(|after| after.starts_with(BLANKS));
        push_outside(&mut tokens, source, (rest, open), (trim_next, trims));
        let start = inside + usize::from(trims) * 2;
        if source
            .get(start..)
            .unwrap_or_default()
            .trim_start()
            .starts_with("/*")
        {
            (rest, trim_next) = comment(source, start)?;
            continue;
        }
        tokens.push(Token {
            kind: Kind::Open,
            start: open,
            end: start,
        });
        let mut lexer = Lexer {
            source,
            at: start,
            tokens,
        };
        trim_next = lexer.action()?;
        rest = lexer.at;
        tokens = lexer.tokens;
    }
    push_outside(
        &mut tokens,
        source,
        (rest, source.len()),
        (trim_next, false),
    );
    Ok(tokens)
}

fn push_outside(
    tokens: &mut Vec<Token>,
    source: &str,
    (start, end): (usize, usize),
    (left, right): (bool, bool),
) {
    let mut text = source.get(start..end).unwrap_or_default();
    if left {
        text = text.trim_start_matches(BLANKS);
    }
    if right {
        text = text.trim_end_matches(BLANKS);
    }
    if !text.is_empty() {
        tokens.push(Token {
            kind: Kind::Outside(text.to_owned()),
            start,
            end,
        });
    }
}

/// Skips a comment: where the text goes on, and whether its blanks are trimmed.
fn comment(source: &str, start: usize) -> Result<(usize, bool), Fail> {
    let tail = source.get(start..).unwrap_or_default();
    let end = tail
        .find("*/")
        .ok_or((start, "unclosed comment".to_owned()))?
        + 2;
    let after = tail.get(end..).unwrap_or_default();
    if let Some(rest) = after.strip_prefix("}}") {
        return Ok((source.len() - rest.len(), false));
    }
    if let Some(rest) = after.trim_start().strip_prefix("-}}") {
        return Ok((source.len() - rest.len(), true));
    }
    Err((start, "comment ends before closing delimiter".to_owned()))
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token>,
}

impl<'s> Lexer<'s> {
    fn tail(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token {
            kind,
            start: self.at,
            end: self.at + length,
        });
        self.at += length;
    }

    fn fail<T>(&self, text: impl Into<String>) -> Result<T, Fail> {
        Err((self.at, text.into()))
    }

    /// Reads to `}}`; whether the text after it is trimmed.
    fn action(&mut self) -> Result<bool, Fail> {
        loop {
            let tail = self.tail();
            let Some(first) = tail.chars().next() else {
                return self.fail("unclosed action");
            };
            let blanks = tail.len() - tail.trim_start_matches(BLANKS).len();
            if blanks > 0 && tail.get(blanks..).is_some_and(|t| t.starts_with("-}}")) {
                self.push(Kind::Close, blanks + 3);
                return Ok(true);
            }
            if tail.starts_with("}}") {
                self.push(Kind::Close, 2);
                return Ok(false);
            }
            if blanks > 0 {
                self.push(Kind::Blank, blanks);
                continue;
            }
            self.token(first)?;
        }
    }

    fn token(&mut self, first: char) -> Result<(), Fail> {
        let tail = self.tail();
        let after = tail.get(first.len_utf8()..).unwrap_or_default();
        let digit_after = after.starts_with(|c: char| c.is_ascii_digit());
        match first {
            '"' | '`' | '\'' => self.quoted(first),
            '.' if digit_after => self.number(),
            '.' => {
                let name = name_in(after);
                self.push(Kind::Field(name.to_owned()), name.len() + 1);
                Ok(())
            }
            '$' => {
                let name = name_in(after);
                self.push(Kind::Variable(name.to_owned()), name.len() + 1);
                Ok(())
            }
            '+' | '-' if digit_after || after.starts_with('.') => self.number(),
            '0'..='9' => self.number(),
            '|' | '(' | ')' | ',' | '=' | ':' => self.sign(first),
            letter if letter.is_alphabetic() || letter == '_' => {
                let name = name_in(tail);
                self.push(Kind::Word(name.to_owned()), name.len());
                Ok(())
            }
            other => self.fail(format!("unexpected {:?} in command", other.to_string())),
        }
    }

    fn sign(&mut self, first: char) -> Result<(), Fail> {
        let sign = match first {
            '|' => "|",
            '(' => "(",
            ')' => ")",
            ',' => ",",
            '=' => "=",
            _ if self.tail().starts_with(":=") => ":=",
            _ => return self.fail("expected :="),
        };
        self.push(Kind::Sign(sign), sign.len());
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fail> {
        let tail = self.tail();
        let goes_on = |(index, c): (usize, char)| {
            let sign = matches!(c, '+' | '-')
                && (index == 0 || tail.get(..index).is_some_and(|t| t.ends_with(['e', 'E'])));
            c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign
        };
        let end = tail
            .char_indices()
            .find(|at| !goes_on(*at))
            .map_or(tail.len(), |(i, _)| i);
        let text = tail.get(..end).unwrap_or_default();
        let plain = text.replace('_', "");
        let good =
            plain.parse::<f64>().is_ok() || hull_model::grammar::number::signed(&plain).is_ok();
        if !good {
            return self.fail(format!("bad number syntax: {text:?}"));
        }
        self.push(Kind::Number(text.to_owned()), end);
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), Fail> {
        let mut text = String::new();
        let mut letters = self.tail().char_indices().skip(1);
        while let Some((index, letter)) = letters.next() {
            match letter {
                end if end == quote => {
                    let kind = match (quote, text.chars().next()) {
                        ('\'', Some(only)) => Kind::Number(u32::from(only).to_string()),
                        _ => Kind::Text(text),
                    };
                    self.push(kind, index + 1);
                    return Ok(());
                }
                '\n' if quote != '`' => break,
                '\\' if quote != '`' => match letters.next() {
                    Some((_, escaped)) => text.push(unescape(escaped)),
                    None => break,
                },
                other => text.push(other),
            }
        }
        self.fail(match quote {
            '`' => "unterminated raw quoted string",
            '\'' => "unterminated character constant",
            _ => "unterminated quoted string",
        })
    }
}

/// The name `text` starts with.
fn name_in(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn unescape(letter: char) -> char {
    match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        other => other,
    }
}
