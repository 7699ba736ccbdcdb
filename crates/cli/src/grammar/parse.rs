//! Reads a command's words against its table, as docker's client does.
//!
//! Leaves finding the command to `main`. Invariant: the error texts are docker's, because scripts
//! and people know them; nothing is accepted that the table does not say.

use hull_model::grammar::number;

use super::flag::{Flag, Support, Take};
use super::suggest::closest;
use super::usage::Usage;
use crate::error::Error;

/// What was given on the line.
pub(crate) struct Parsed {
    command: &'static Usage,
    values: Vec<(&'static str, String)>,
    /// The words that are no flags, in order.
    pub(crate) words: Vec<String>,
}

/// What reading a line led to.
pub(crate) enum Line {
    /// A command to run.
    Run(Parsed),
    /// A wish for help.
    Help,
}

impl Parsed {
    /// Whether a switch is on.
    pub(crate) fn is(&self, long: &str) -> bool {
        match self.text(long) {
            Some(word) => number::boolean(word).unwrap_or(false),
            None => self
                .command
                .long(long)
                .is_some_and(|f| f.take == Take::Switch(true)),
        }
    }

    /// Whether a flag was given at all.
    pub(crate) fn given(&self, long: &str) -> bool {
        self.text(long).is_some()
    }

    /// The word of a flag; the last one given.
    pub(crate) fn text(&self, long: &str) -> Option<&str> {
        debug_assert!(
            self.command.long(long).is_some(),
            "no flag --{long} in the table"
        );
        self.values
            .iter()
            .rev()
            .find(|(name, _)| *name == long)
            .map(|(_, word)| word.as_str())
    }

    /// All words of a flag, in the order given.
    pub(crate) fn list<'p>(&'p self, long: &'p str) -> impl Iterator<Item = &'p str> {
        debug_assert!(
            self.command.long(long).is_some(),
            "no flag --{long} in the table"
        );
        self.values
            .iter()
            .filter(move |(name, _)| *name == long)
            .map(|(_, word)| word.as_str())
    }

    /// Every flag given with its word, in the order given.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values
            .iter()
            .map(|(name, word)| (*name, word.as_str()))
    }

    /// The command these words are for.
    pub(crate) fn command(&self) -> &'static Usage {
        self.command
    }

    /// The whole number of a flag.
    pub(crate) fn int(&self, long: &str) -> Option<i64> {
        self.text(long).and_then(|word| number::signed(word).ok())
    }

    /// The word at `index`; empty when there are fewer.
    pub(crate) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }
}

/// Reads `arguments`, what follows the command's name.
pub(crate) fn parse(
    command: &'static Usage,
    arguments: impl IntoIterator<Item = String>,
) -> Result<Line, Error> {
    let mut reader = Reader {
        parsed: Parsed {
            command,
            values: Vec::new(),
            words: Vec::new(),
        },
        rest: arguments.into_iter(),
    };
    match reader.read() {
        Ok(true) => return Ok(Line::Help),
        Ok(false) => {}
        Err(Wrong { text, hint }) => return Err(Error::flag(command, text, hint)),
    }
    check_count(command, reader.parsed.words.len())?;
    check_support(&reader.parsed)?;
    Ok(Line::Run(reader.parsed))
}

/// What is wrong with a flag.
struct Wrong {
    text: String,
    hint: Option<String>,
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Self { text, hint: None }
    }
}

struct Reader<I> {
    parsed: Parsed,
    rest: I,
}

impl<I: Iterator<Item = String>> Reader<I> {
    /// Reads to the end; true when help was asked for.
    fn read(&mut self) -> Result<bool, Wrong> {
        while let Some(argument) = self.rest.next() {
            if argument == "--" {
                self.parsed.words.extend(self.rest.by_ref());
            } else if let Some(long) = argument.strip_prefix("--") {
                if self.long(long)? {
                    return Ok(true);
                }
            } else if let Some(letters) = argument.strip_prefix('-').filter(|l| !l.is_empty()) {
                if self.letters(letters)? {
                    return Ok(true);
                }
            } else {
                self.parsed.words.push(argument);
                if self.parsed.command.passes_rest {
                    self.parsed.words.extend(self.rest.by_ref());
                }
            }
        }
        Ok(false)
    }

    fn long(&mut self, argument: &str) -> Result<bool, Wrong> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(format!("bad flag syntax: --{argument}").into());
        }
        let Some(flag) = self.parsed.command.long(name) else {
            if name == "help" {
                return Ok(true);
            }
            let known = self.parsed.command.all_flags().map(|flag| flag.long);
            let hint = closest(name, known).map(|near| format!("did you mean --{near}?"));
            return Err(Wrong {
                text: format!("unknown flag: --{name}"),
                hint,
            });
        };
        let value = match (flag.take, value) {
            (_, Some(value)) => value,
            (Take::Switch(_), None) => "true".to_owned(),
            (_, None) => self
                .rest
                .next()
                .ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.take(flag, value)?;
        Ok(false)
    }

    fn letters(&mut self, letters: &str) -> Result<bool, Wrong> {
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            let after = rest.get(letter.len_utf8()..).unwrap_or_default();
            let Some(flag) = self.parsed.command.short(letter) else {
                if letter == 'h' {
                    return Ok(true);
                }
                return Err(format!("unknown shorthand flag: '{letter}' in -{rest}").into());
            };
            if let Some(value) = after.strip_prefix('=') {
                self.take(flag, value.to_owned())?;
                return Ok(false);
            }
            if matches!(flag.take, Take::Switch(_)) {
                self.take(flag, "true".to_owned())?;
                rest = after;
                continue;
            }
            let value = match after {
                "" => self
                    .rest
                    .next()
                    .ok_or_else(|| format!("flag needs an argument: '{letter}' in -{rest}"))?,
                value => value.to_owned(),
            };
            self.take(flag, value)?;
            return Ok(false);
        }
        Ok(false)
    }

    fn take(&mut self, flag: &'static Flag, value: String) -> Result<(), Wrong> {
        let invalid = |why: &dyn std::fmt::Display| {
            format!(
                "invalid argument {value:?} for {:?} flag: {why}",
                flag.names()
            )
        };
        if let Take::Switch(_) = flag.take {
            number::boolean(&value).map_err(|why| invalid(&why))?;
        }
        if let Some(check) = flag.check {
            check(&value).map_err(|why| invalid(&why))?;
        }
        match flag.take {
            Take::Commas => self
                .parsed
                .values
                .extend(value.split(',').map(|word| (flag.long, word.to_owned()))),
            _ => self.parsed.values.push((flag.long, value)),
        }
        Ok(())
    }
}

fn check_count(command: &'static Usage, count: usize) -> Result<(), Error> {
    let (least, most) = (*command.count.start(), *command.count.end());
    if command.count.contains(&count) {
        return Ok(());
    }
    let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
    let wanted = match (least, most) {
        (_, 0) => "accepts no arguments".to_owned(),
        (least, most) if least == most => format!("requires {least} {}", plural(least)),
        (least, _) if count < least => format!("requires at least {least} {}", plural(least)),
        (_, most) => format!("requires at most {most} {}", plural(most)),
    };
    Err(Error::words(
        command,
        format!("'{}' {wanted}", command.called()),
    ))
}

/// Refuses flags that hull cannot honour yet, or never will.
fn check_support(parsed: &Parsed) -> Result<(), Error> {
    for (name, word) in parsed.in_order() {
        let Some(flag) = parsed.command.long(name) else {
            continue;
        };
        let off = matches!(flag.take, Take::Switch(default)
            if number::boolean(word).ok() == Some(default));
        match flag.support {
            _ if off => {}
            Support::Works | Support::Differs(_) => {}
            Support::Later(thing) => {
                return Err(Error::NotYet {
                    what: format!("--{name}"),
                    why: format!("comes with {thing}"),
                    code: 125,
                });
            }
            Support::Never(why) => {
                return Err(Error::Never {
                    what: format!("--{name}"),
                    why,
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::flag::{int, many, one, switch, switch_on};

    static FLAGS: &[Flag] = &[
        switch("detach", "").short('d'),
        switch("tty", "").short('t'),
        switch_on("sig-proxy", ""),
        many("env", "list", "").short('e'),
        one("name", "string", ""),
        int("time", "").short('s'),
        many("platform", "strings", "").commas(),
        one("publish", "list", "").short('p').later("networks"),
    ];

    static RUN: Usage = {
        let mut usage = Usage::new(&["run"], "");
        usage.flags = &[FLAGS];
        usage.count = 1..=usize::MAX;
        usage.passes_rest = true;
        usage
    };

    fn read(line: &str) -> Result<Parsed, Error> {
        match parse(&RUN, line.split(' ').map(str::to_owned))? {
            Line::Run(parsed) => Ok(parsed),
            Line::Help => Err(Error::options("help")),
        }
    }

    fn given(line: &str) -> (Vec<(&'static str, String)>, Vec<String>) {
        let parsed = read(line).unwrap();
        let flags = parsed
            .in_order()
            .map(|(name, word)| (name, word.to_owned()))
            .collect();
        (flags, parsed.words.clone())
    }

    #[test]
    fn flags_are_read_as_docker_reads_them() {
        let check = |line: &str, flags: &[(&str, &str)], words: &[&str]| {
            let (got, rest) = given(line);
            let got: Vec<(&str, &str)> = got.iter().map(|(n, w)| (*n, w.as_str())).collect();
            assert_eq!(
                (got.as_slice(), rest.iter().map(String::as_str).collect()),
                (flags, words.to_vec())
            );
        };
        check(
            "-dt image",
            &[("detach", "true"), ("tty", "true")],
            &["image"],
        );
        check(
            "-dteA=b image",
            &[("detach", "true"), ("tty", "true"), ("env", "A=b")],
            &["image"],
        );
        check(
            "-e A=b -e=C=d image",
            &[("env", "A=b"), ("env", "C=d")],
            &["image"],
        );
        check(
            "--env A=b=c --env=D image",
            &[("env", "A=b=c"), ("env", "D")],
            &["image"],
        );
        check("-d=false image", &[("detach", "false")], &["image"]);
        check(
            "--name x image --name y",
            &[("name", "x")],
            &["image", "--name", "y"],
        );
        check("-d -- -x --name", &[("detach", "true")], &["-x", "--name"]);
        check("image - -d", &[], &["image", "-", "-d"]);
        check("- x", &[], &["-", "x"]);
        check(
            "--platform a,b image",
            &[("platform", "a"), ("platform", "b")],
            &["image"],
        );
        check("-s -1 image", &[("time", "-1")], &["image"]);
    }

    #[test]
    fn values_are_asked_for_by_name() {
        let parsed = read("--name a --name b -e 1 -e 2 -s 0x10 image").unwrap();
        assert_eq!(
            (parsed.text("name"), parsed.int("time")),
            (Some("b"), Some(16))
        );
        assert_eq!(parsed.list("env").collect::<Vec<_>>(), ["1", "2"]);
        assert!(parsed.is("sig-proxy") && !parsed.is("detach") && !parsed.given("detach"));
        assert!(!read("--sig-proxy=false image").unwrap().is("sig-proxy"));
    }

    #[test]
    fn mistakes_have_dockers_words_and_codes() {
        let check = |line: &str, text: &str, code: u8| {
            let error = read(line).err().unwrap();
            assert_eq!(
                (error.to_string().as_str(), error.code(1)),
                (text, code),
                "{line}"
            );
        };
        check("--bogus image", "unknown flag: --bogus", 125);
        check("-dz image", "unknown shorthand flag: 'z' in -z", 125);
        check("--name", "flag needs an argument: --name", 125);
        check("-de", "flag needs an argument: 'e' in -e", 125);
        check("--=x image", "bad flag syntax: --=x", 125);
        check("-d", "'hull run' requires at least 1 argument", 1);
        check("--help", "help", 1);
        check("-dh", "help", 1);
        check(
            "-p 80 image",
            "not supported yet: --publish: comes with networks",
            125,
        );
        check(
            "-s x image",
            "invalid argument \"x\" for \"-s, --time\" flag: strconv.ParseInt: parsing \"x\": \
             invalid syntax",
            125,
        );
    }
}
