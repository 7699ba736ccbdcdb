//! Mount options: which words are attributes of the mount, which propagation, which the file
//! system's own.
//!
//! Invariant: a word known to the table never reaches the file system, and every other one does.

use hull_sys::mount::{Change, attribute, flag};

/// What a mount's options ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether it is a bind mount, and whether with all mounts below.
    pub(crate) bind: Option<bool>,
    /// Whether an existing mount is changed.
    pub(crate) remount: bool,
    /// Attributes to set and to clear on the mount itself.
    pub(crate) set: u64,
    pub(crate) clear: u64,
    /// The same for the mount and all below it.
    pub(crate) set_all: u64,
    pub(crate) clear_all: u64,
    /// Propagation, in order.
    pub(crate) propagation: Vec<u64>,
    /// Whether ids are mapped, and whether for all mounts below.
    pub(crate) idmap: Option<bool>,
    /// Whether a tmpfs starts with a copy of what it hides.
    pub(crate) copy_up: bool,
    /// Flags of the super block, by their fsconfig name.
    pub(crate) super_flags: Vec<&'static str>,
    /// The file system's own options.
    pub(crate) data: Vec<String>,
}

enum Word {
    Bind(bool),
    Remount,
    Set(u64),
    Clear(u64),
    SetAll(u64),
    ClearAll(u64),
    Time(u64),
    TimeAll(u64),
    Propagation(u64),
    Idmap(bool),
    CopyUp,
    Super(&'static str),
    Nothing,
}

const WORDS: &[(&str, Word)] = &[
    ("bind", Word::Bind(false)),
    ("rbind", Word::Bind(true)),
    ("remount", Word::Remount),
    ("defaults", Word::Nothing),
    ("ro", Word::Set(attribute::READ_ONLY)),
    ("rw", Word::Clear(attribute::READ_ONLY)),
    ("nosuid", Word::Set(attribute::NO_SUID)),
    ("suid", Word::Clear(attribute::NO_SUID)),
    ("nodev", Word::Set(attribute::NO_DEV)),
    ("dev", Word::Clear(attribute::NO_DEV)),
    ("noexec", Word::Set(attribute::NO_EXEC)),
    ("exec", Word::Clear(attribute::NO_EXEC)),
    ("nosymfollow", Word::Set(attribute::NO_SYMLINK_FOLLOW)),
    ("symfollow", Word::Clear(attribute::NO_SYMLINK_FOLLOW)),
    ("nodiratime", Word::Set(attribute::NO_DIR_ACCESS_TIME)),
    ("diratime", Word::Clear(attribute::NO_DIR_ACCESS_TIME)),
    ("relatime", Word::Time(0)),
    ("norelatime", Word::Time(0)),
    ("atime", Word::Time(0)),
    ("noatime", Word::Time(attribute::NO_ACCESS_TIME)),
    ("strictatime", Word::Time(attribute::STRICT_ACCESS_TIME)),
    ("nostrictatime", Word::Time(0)),
    ("rro", Word::SetAll(attribute::READ_ONLY)),
    ("rrw", Word::ClearAll(attribute::READ_ONLY)),
    ("rnosuid", Word::SetAll(attribute::NO_SUID)),
    ("rsuid", Word::ClearAll(attribute::NO_SUID)),
    ("rnodev", Word::SetAll(attribute::NO_DEV)),
    ("rdev", Word::ClearAll(attribute::NO_DEV)),
    ("rnoexec", Word::SetAll(attribute::NO_EXEC)),
    ("rexec", Word::ClearAll(attribute::NO_EXEC)),
    ("rnosymfollow", Word::SetAll(attribute::NO_SYMLINK_FOLLOW)),
    ("rsymfollow", Word::ClearAll(attribute::NO_SYMLINK_FOLLOW)),
    ("rnodiratime", Word::SetAll(attribute::NO_DIR_ACCESS_TIME)),
    ("rdiratime", Word::ClearAll(attribute::NO_DIR_ACCESS_TIME)),
    ("rrelatime", Word::TimeAll(0)),
    ("rnorelatime", Word::TimeAll(0)),
    ("ratime", Word::TimeAll(0)),
    ("rnoatime", Word::TimeAll(attribute::NO_ACCESS_TIME)),
    ("rstrictatime", Word::TimeAll(attribute::STRICT_ACCESS_TIME)),
    ("rnostrictatime", Word::TimeAll(0)),
    ("private", Word::Propagation(flag::PRIVATE)),
    (
        "rprivate",
        Word::Propagation(flag::PRIVATE | flag::RECURSIVE),
    ),
    ("shared", Word::Propagation(flag::SHARED)),
    ("rshared", Word::Propagation(flag::SHARED | flag::RECURSIVE)),
    ("slave", Word::Propagation(flag::SLAVE)),
    ("rslave", Word::Propagation(flag::SLAVE | flag::RECURSIVE)),
    ("unbindable", Word::Propagation(flag::UNBINDABLE)),
    (
        "runbindable",
        Word::Propagation(flag::UNBINDABLE | flag::RECURSIVE),
    ),
    ("idmap", Word::Idmap(false)),
    ("ridmap", Word::Idmap(true)),
    ("tmpcopyup", Word::CopyUp),
    ("sync", Word::Super("sync")),
    ("async", Word::Super("async")),
    ("dirsync", Word::Super("dirsync")),
    ("lazytime", Word::Super("lazytime")),
    ("nolazytime", Word::Super("nolazytime")),
    ("mand", Word::Super("mand")),
    ("nomand", Word::Super("nomand")),
    ("iversion", Word::Nothing),
    ("noiversion", Word::Nothing),
    ("silent", Word::Nothing),
    ("loud", Word::Nothing),
    ("acl", Word::Nothing),
    ("noacl", Word::Nothing),
];

/// All words of the table, for the features document.
pub fn known() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(name, _)| *name)
}

impl Options {
    /// Sorts `options` of a mount of type `kind`.
    pub(crate) fn parse(kind: &str, options: &[String]) -> Self {
        let mut all = Self::default();
        for option in options {
            match WORDS.iter().find(|(name, _)| name == option) {
                Some((_, word)) => all.take(word),
                None => all.data.push(option.clone()),
            }
        }
        if kind == "bind" && all.bind.is_none() {
            all.bind = Some(false);
        }
        all
    }

    fn take(&mut self, word: &Word) {
        let times = attribute::ACCESS_TIME;
        match *word {
            Word::Bind(recursive) => self.bind = Some(recursive || self.bind == Some(true)),
            Word::Remount => self.remount = true,
            Word::Set(bits) => change(&mut self.set, &mut self.clear, bits, 0),
            Word::Clear(bits) => change(&mut self.set, &mut self.clear, 0, bits),
            Word::SetAll(bits) => change(&mut self.set_all, &mut self.clear_all, bits, 0),
            Word::ClearAll(bits) => change(&mut self.set_all, &mut self.clear_all, 0, bits),
            Word::Time(bits) => change(&mut self.set, &mut self.clear, bits, times),
            Word::TimeAll(bits) => change(&mut self.set_all, &mut self.clear_all, bits, times),
            Word::Propagation(bits) => self.propagation.push(bits),
            Word::Idmap(recursive) => self.idmap = Some(recursive),
            Word::CopyUp => self.copy_up = true,
            Word::Super(name) => self.super_flags.push(name),
            Word::Nothing => {}
        }
    }

    /// What changes on a bound mount itself. `rw` means: as writable as the source is; everything
    /// else asked for is cleared.
    pub(crate) fn here(&self) -> Change<'static> {
        Change {
            set: self.set,
            clear: self.clear & !attribute::READ_ONLY,
            ..Change::default()
        }
    }

    /// What changes on a bound mount and all below it.
    pub(crate) fn everywhere(&self) -> Change<'static> {
        Change {
            set: self.set_all,
            clear: self.clear_all,
            ..Change::default()
        }
    }

    /// The flags of mount(2) that mean the same as the attributes.
    pub(crate) fn flags(&self) -> u64 {
        // MS_RDONLY to MS_NOEXEC are bits 0 to 3 in both worlds; the others differ.
        const NO_ACCESS_TIME: u64 = 1 << 10;
        const NO_DIR_ACCESS_TIME: u64 = 1 << 11;
        const STRICT_ACCESS_TIME: u64 = 1 << 24;
        const NO_SYMLINK_FOLLOW: u64 = 1 << 8;
        let set = self.set | self.set_all;
        let mut flags = set & 0xf;
        for (bit, flag) in [
            (attribute::NO_ACCESS_TIME, NO_ACCESS_TIME),
            (attribute::NO_DIR_ACCESS_TIME, NO_DIR_ACCESS_TIME),
            (attribute::STRICT_ACCESS_TIME, STRICT_ACCESS_TIME),
            (attribute::NO_SYMLINK_FOLLOW, NO_SYMLINK_FOLLOW),
        ] {
            if set & bit != 0 {
                flags |= flag;
            }
        }
        flags
    }
}

/// Later words win over earlier ones.
fn change(set: &mut u64, clear: &mut u64, set_bits: u64, clear_bits: u64) {
    *set = (*set & !clear_bits) | set_bits;
    *clear = (*clear & !set_bits) | clear_bits;
    if clear_bits & attribute::ACCESS_TIME != 0 || set_bits & attribute::ACCESS_TIME != 0 {
        *clear |= attribute::ACCESS_TIME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Options {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Options::parse("tmpfs", &words)
    }

    #[test]
    fn words_are_sorted() {
        let options = parse(&[
            "nosuid", "mode=755", "ro", "rw", "rslave", "rro", "noatime", "sync",
        ]);
        assert_eq!(options.set, attribute::NO_SUID | attribute::NO_ACCESS_TIME);
        assert_eq!(options.clear, attribute::READ_ONLY | attribute::ACCESS_TIME);
        assert_eq!(options.set_all, attribute::READ_ONLY);
        assert_eq!(options.propagation, [flag::SLAVE | flag::RECURSIVE]);
        assert_eq!(options.data, ["mode=755"]);
        assert_eq!(options.super_flags, ["sync"]);
    }

    #[test]
    fn the_last_word_wins() {
        assert_eq!(parse(&["rw", "ro"]).set, attribute::READ_ONLY);
        assert_eq!(parse(&["ro", "rw"]).set, 0);
        assert_eq!(parse(&["noatime", "relatime"]).set, 0);
        assert_eq!(
            parse(&["noatime", "strictatime"]).set,
            attribute::STRICT_ACCESS_TIME
        );
        assert_eq!(parse(&["rbind", "bind"]).bind, Some(true));
    }

    #[test]
    fn flags_of_the_old_call() {
        assert_eq!(parse(&["ro", "nosuid", "nodev", "noexec"]).flags(), 0xf);
        assert_eq!(
            parse(&["noatime", "nodiratime"]).flags(),
            (1 << 10) | (1 << 11)
        );
    }
}
