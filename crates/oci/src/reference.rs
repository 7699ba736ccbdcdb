//! [`Reference`]: an image's name in docker's grammar, normalised.
//!
//! `busybox` means `docker.io/library/busybox:latest`; people are shown the short, *familiar* form.
//! Leaves to `image` what a name that is no reference may be (an id, a prefix of one). Invariant:
//! domain, path and tag obey the grammar of the distribution project's reference package.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::error::{Error, Result};

/// The domain a name without one is in.
pub const DEFAULT_DOMAIN: &str = "docker.io";

/// The tag a name without tag and digest has.
pub const DEFAULT_TAG: &str = "latest";

/// A parsed, normalised image name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses what a user wrote. Nothing is added for a missing tag; see
    /// [`Reference::with_default_tag`].
    pub fn parse(text: &str) -> Result<Self> {
        let format = || Error::ReferenceFormat {
            text: text.chars().take(300).collect(),
        };
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Error::ReferenceIsId {
                name: text.to_owned(),
            });
        }
        let (domain, rest) = split_domain(text);
        let (name, tag, digest) = split_suffixes(&rest).ok_or_else(format)?;
        // Docker judges case before anything else, up to the first colon.
        let remote = rest.split(':').next().unwrap_or_default();
        if remote.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(Error::ReferenceCase {
                name: remote.chars().take(300).collect(),
            });
        }
        if !is_domain(&domain) || !name.split('/').all(is_path_component) {
            return Err(format());
        }
        if tag.is_some_and(|t| !is_tag(t)) {
            return Err(format());
        }
        let digest = digest
            .map(Digest::parse)
            .transpose()
            .map_err(|_| format())?;
        if name.len() > 255 {
            return Err(Error::ReferenceTooLong {
                name: name.chars().take(300).collect(),
            });
        }
        Ok(Self {
            domain,
            path: name.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }

    /// Registry host, `docker.io` for names without one.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Repository in the registry, `library/busybox`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag, if one was given.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one was given.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Neither tag nor digest was given.
    pub fn is_name_only(&self) -> bool {
        self.tag.is_none() && self.digest.is_none()
    }

    /// `domain/path`, the repository's full name.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The repository as people write it: `busybox`, `user/app`, `quay.io/x/y`.
    pub fn familiar_name(&self) -> String {
        if self.domain != DEFAULT_DOMAIN {
            return self.repository();
        }
        match self.path.strip_prefix("library/") {
            Some(short) if !short.contains('/') => short.to_owned(),
            _ => self.path.clone(),
        }
    }

    /// The whole reference as people write it: `busybox:latest`.
    pub fn familiar(&self) -> String {
        self.suffixed(self.familiar_name())
    }

    /// With `:latest` when there is neither tag nor digest.
    pub fn with_default_tag(mut self) -> Self {
        if self.is_name_only() {
            self.tag = Some(DEFAULT_TAG.to_owned());
        }
        self
    }

    /// The same repository under `tag`, which must obey the grammar.
    pub fn with_tag(&self, tag: &str) -> Result<Self> {
        if !is_tag(tag) {
            return Err(Error::ReferenceFormat {
                text: format!("{}:{tag}", self.familiar_name()),
            });
        }
        Ok(Self {
            tag: Some(tag.to_owned()),
            digest: None,
            ..self.clone()
        })
    }

    /// The same repository by `digest`, without tag.
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self {
            tag: None,
            digest: Some(digest),
            ..self.clone()
        }
    }

    fn suffixed(&self, mut text: String) -> String {
        if let Some(tag) = &self.tag {
            text.push(':');
            text.push_str(tag);
        }
        if let Some(digest) = &self.digest {
            text.push('@');
            text.push_str(digest.as_str());
        }
        text
    }
}

impl fmt::Display for Reference {
    /// The full form: `docker.io/library/busybox:latest`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.suffixed(self.repository()))
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The first component is a domain when it looks like one: a dot, a colon, `localhost`, or upper
/// case (which no path may have).
fn split_domain(text: &str) -> (String, String) {
    let (domain, rest) = match text.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|b| b.is_ascii_uppercase()) =>
        {
            (first, rest)
        }
        _ => (DEFAULT_DOMAIN, text),
    };
    let domain = if domain == "index.docker.io" {
        DEFAULT_DOMAIN
    } else {
        domain
    };
    if domain == DEFAULT_DOMAIN && !rest.contains('/') {
        return (domain.to_owned(), format!("library/{rest}"));
    }
    (domain.to_owned(), rest.to_owned())
}

/// `name[:tag][@digest]`; `None` when a suffix is empty.
fn split_suffixes(rest: &str) -> Option<(&str, Option<&str>, Option<&str>)> {
    let (rest, digest) = match rest.split_once('@') {
        Some((_, "")) => return None,
        Some((rest, digest)) => (rest, Some(digest)),
        None => (rest, None),
    };
    let (name, tag) = match rest.split_once(':') {
        Some((_, "")) => return None,
        Some((name, tag)) => (name, Some(tag)),
        None => (rest, None),
    };
    Some((name, tag, digest))
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => {
                let hex = |b: u8| b.is_ascii_hexdigit() || b == b':';
                if address.is_empty() || !address.bytes().all(hex) {
                    return false;
                }
                if port.is_empty() {
                    return true;
                }
                ("v6", port.strip_prefix(':'))
            }
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("0")),
        },
    };
    let component = |c: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !c.is_empty() && !c.starts_with('-') && !c.ends_with('-') && c.bytes().all(good)
    };
    let digits = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    host.split('.').all(component) && port.is_some_and(digits)
}

/// Lower-case alphanumeric runs, parted by one dot, one or two underscores, or dashes.
fn is_path_component(text: &str) -> bool {
    let alnum = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = text.starts_with(alnum) && text.ends_with(alnum);
    let separators = text.split(alnum).filter(|s| !s.is_empty());
    ends && separators
        .into_iter()
        .all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let first = text.bytes().next().is_some_and(word);
    let rest = text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'));
    first && rest && text.len() <= 128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_and_familiar_forms() {
        let d = format!("sha256:{}", "0a".repeat(32));
        let check = |text: &str, full: &str, familiar: &str| {
            let r = Reference::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(
                (r.to_string().as_str(), r.familiar().as_str()),
                (full, familiar),
                "{text}"
            );
        };
        check("busybox", "docker.io/library/busybox", "busybox");
        check(
            "busybox:1.36",
            "docker.io/library/busybox:1.36",
            "busybox:1.36",
        );
        check("library/busybox", "docker.io/library/busybox", "busybox");
        check("docker.io/busybox", "docker.io/library/busybox", "busybox");
        check(
            "index.docker.io/library/busybox",
            "docker.io/library/busybox",
            "busybox",
        );
        check("user/app:x", "docker.io/user/app:x", "user/app:x");
        check("localhost/app", "localhost/app", "localhost/app");
        check(
            "localhost:5000/app:1",
            "localhost:5000/app:1",
            "localhost:5000/app:1",
        );
        check(
            "127.0.0.1:5000/bench/busybox:1",
            "127.0.0.1:5000/bench/busybox:1",
            "127.0.0.1:5000/bench/busybox:1",
        );
        check("[::1]:5000/a/b", "[::1]:5000/a/b", "[::1]:5000/a/b");
        check("a/b/c/d", "docker.io/a/b/c/d", "a/b/c/d");
        check("LOCAL/app", "LOCAL/app", "LOCAL/app");
        check(
            "a__b/c-d---e.f_g",
            "docker.io/a__b/c-d---e.f_g",
            "a__b/c-d---e.f_g",
        );
        check(
            &format!("busybox@{d}"),
            &format!("docker.io/library/busybox@{d}"),
            &format!("busybox@{d}"),
        );
        check(
            &format!("b:1@{d}"),
            &format!("docker.io/library/b:1@{d}"),
            &format!("b:1@{d}"),
        );
        check(
            "xn--n3h.com/myimage",
            "xn--n3h.com/myimage",
            "xn--n3h.com/myimage",
        );
    }

    #[test]
    fn errors_in_dockers_words() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Reference::parse(text).unwrap_err().to_string(),
                expected,
                "{text}"
            );
        };
        let format = "invalid reference format";
        for text in [
            "",
            ":",
            ":justtag",
            "a:",
            "a//b",
            "/a",
            "a/",
            "a___b",
            "a..b",
            "-a",
            "a-",
            "a:b:c",
            "@x",
            "a@sha256:00",
            "a@",
            " a",
            "a b",
            "a:-x",
            "validname@invaliddigest",
            "ho-.com/x",
            "[::1/x",
            "[fe80::1%eth0]:1/x",
            "http://x",
            "aa/asdf$$^/aa",
            "a:\u{e9}",
        ] {
            check(text, format);
        }
        check(
            "Foo",
            "invalid reference format: repository name (library/Foo) must be lowercase",
        );
        check(
            "a/Foo:X",
            "invalid reference format: repository name (a/Foo) must be lowercase",
        );
        let id = "0a".repeat(32);
        check(
            &id,
            &format!("invalid repository name ({id}), cannot specify 64-byte hexadecimal strings"),
        );
        let long = format!("a/{}", "b".repeat(254));
        check(
            &long,
            "repository name must not be more than 255 characters",
        );
        check(&format!("a:{}", "t".repeat(129)), format);
    }

    #[test]
    fn tags_are_added_and_changed() {
        let r = Reference::parse("busybox").unwrap();
        assert!(r.is_name_only());
        assert_eq!(r.clone().with_default_tag().familiar(), "busybox:latest");
        assert_eq!(r.with_tag("2").unwrap().familiar(), "busybox:2");
        assert!(r.with_tag("a b").is_err());
    }
}
