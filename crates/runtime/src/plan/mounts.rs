//! One mount of the configuration, turned into what the child attaches.
//!
//! Sources of bind mounts are looked at here, in the parent: what is missing is known before anything
//! was made. They are opened by the child, because the kernel lists mounts in the order in which they
//! were copied; except where the child could not, in a user namespace or with ids mapped.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use hull_oci::runtime_spec::Mount as Wish;
use hull_sys::beneath::{self, Missing};
use hull_sys::mount::{self, Change, flag};

use super::options::Options;
use super::{invalid, text};
use crate::usermap::UserMaps;
use crate::{Error, MountAbilities, Result};

/// A mount, ready to be attached in the child.
#[derive(Debug)]
pub(crate) struct Mount {
    /// Where, in the container.
    pub(crate) place: CString,
    pub(crate) from: From,
    /// What to make where nothing is yet.
    pub(crate) missing: Missing,
    /// Attributes of a new file system, or of an existing mount that is changed.
    pub(crate) options: Options,
    /// The same for mount(2).
    pub(crate) flags: u64,
}

/// What is attached.
#[derive(Debug)]
pub(crate) enum From {
    /// A detached tree, its attributes already set.
    Tree(OwnedFd),
    /// A path to bind.
    Bind { source: CString, recursive: bool },
    /// A new file system.
    New(New),
    /// Nothing: the mount that is there is changed.
    Existing,
}

/// A new file system.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) kind: CString,
    pub(crate) source: CString,
    /// Parameters one by one.
    pub(crate) parameters: Vec<(CString, Option<CString>)>,
    /// The same in one text, for mount(2).
    pub(crate) data: CString,
    /// Whether only mount(2) will do.
    pub(crate) only_old: bool,
}

/// What every mount is planned with.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) abilities: MountAbilities,
    /// Propagation that trees opened here get unless their options say otherwise.
    pub(crate) propagation: u64,
    /// Whether sources are opened here.
    pub(crate) opens: bool,
    /// Label option for file systems that take one.
    pub(crate) label: Option<String>,
    /// User namespaces for idmapped mounts.
    pub(crate) users: &'a UserMaps,
    /// Directory that relative sources count from.
    pub(crate) bundle: &'a Path,
}

/// fsconfig(2) takes no longer values.
const LONGEST_VALUE: usize = 255;

impl Mount {
    /// Turns one mount of the configuration.
    pub(crate) fn plan(wish: &Wish, setting: &Setting<'_>) -> Result<Self> {
        let options = Options::parse(&wish.kind, &wish.options);
        let place = text::of("mounts.destination", wish.destination.as_str())?;
        let flags = options.flags();
        let (from, missing) = if options.remount {
            (From::Existing, Missing::Directory)
        } else if let Some(recursive) = options.bind {
            bind(wish, &options, recursive, setting)?
        } else {
            (From::New(new(wish, &options, setting)?), Missing::Directory)
        };
        Ok(Self {
            place,
            from,
            missing,
            options,
            flags,
        })
    }
}

fn bind(
    wish: &Wish,
    options: &Options,
    recursive: bool,
    setting: &Setting<'_>,
) -> Result<(From, Missing)> {
    let path = setting.bundle.join(&wish.source);
    let source = text::of_path("mounts.source", &path)?;
    let failed = |source| Error::OpenSource {
        path: path.clone(),
        destination: wish.destination.clone(),
        source,
    };
    if wish.source.is_empty() {
        return Err(invalid(
            "mounts.source",
            format!("the bind mount at {} has none", wish.destination),
        ));
    }
    let wants_ids = options.idmap.is_some() || !wish.uid_mappings.is_empty();
    let all = options.set_all | options.clear_all;
    if (wants_ids || all != 0) && !setting.abilities.attributes {
        return Err(Error::OldKernel {
            what: "idmapped and recursively changed mounts",
            since: "5.12",
        });
    }
    if !(wants_ids || setting.opens && setting.abilities.by_descriptor) {
        let stat = std::fs::metadata(&path).map_err(failed)?;
        return Ok((From::Bind { source, recursive }, missing(stat.is_dir())));
    }
    let tree = mount::copy(&source, recursive).map_err(failed)?;
    let is_dir = beneath::is_directory(tree.as_fd()).map_err(failed)?;
    let users = wants_ids
        .then(|| {
            setting
                .users
                .namespace(&wish.uid_mappings, &wish.gid_mappings)
        })
        .transpose()?;
    dress(tree.as_fd(), options, users, setting).map_err(failed)?;
    Ok((From::Tree(tree), missing(is_dir)))
}

fn missing(is_dir: bool) -> Missing {
    if is_dir {
        Missing::Directory
    } else {
        Missing::File
    }
}

/// Sets the attributes and the propagation of a detached tree.
fn dress(
    tree: BorrowedFd<'_>,
    options: &Options,
    users: Option<OwnedFd>,
    setting: &Setting<'_>,
) -> std::io::Result<()> {
    let everywhere = options.idmap == Some(true);
    let all = Change {
        propagation: setting.propagation & !flag::RECURSIVE,
        users: users.as_ref().filter(|_| everywhere).map(AsFd::as_fd),
        ..options.everywhere()
    };
    let one = Change {
        users: users.as_ref().filter(|_| !everywhere).map(AsFd::as_fd),
        ..options.here()
    };
    if all.asks() {
        mount::change(tree, &all, true)?;
    }
    if one.asks() {
        mount::change(tree, &one, false)?;
    }
    Ok(())
}

/// Parameters of a new file system.
fn new(wish: &Wish, options: &Options, setting: &Setting<'_>) -> Result<New> {
    let field = "mounts.options";
    let kind = match wish.kind.as_str() {
        "" => {
            return Err(invalid(
                "mounts.type",
                format!("the mount at {} has none", wish.destination),
            ));
        }
        kind => text::of("mounts.type", kind)?,
    };
    let mut parameters = Vec::new();
    for name in &options.super_flags {
        parameters.push((text::of(field, *name)?, None));
    }
    let labelled = !matches!(
        wish.kind.as_str(),
        "proc" | "sysfs" | "mqueue" | "cgroup" | "cgroup2"
    );
    let label = setting.label.iter().filter(|_| labelled);
    let mut data: Vec<&str> = options.data.iter().map(String::as_str).collect();
    data.extend(label.map(String::as_str));
    for option in &data {
        match option.split_once('=') {
            Some(("lowerdir", layers)) if wish.kind == "overlay" => {
                for layer in split_layers(layers) {
                    parameters.push((text::of(field, "lowerdir+")?, Some(text::of(field, layer)?)));
                }
            }
            Some((name, value)) => {
                // In one text a label is quoted for its commas; alone it is not.
                let value = value.trim_matches('"');
                parameters.push((text::of(field, name)?, Some(text::of(field, value)?)));
            }
            None => parameters.push((text::of(field, *option)?, None)),
        }
    }
    let too_long = |value: &Option<CString>| {
        value
            .as_ref()
            .is_some_and(|value| value.as_bytes().len() > LONGEST_VALUE)
    };
    let source = if wish.source.is_empty() {
        "none"
    } else {
        wish.source.as_str()
    };
    Ok(New {
        only_old: !setting.abilities.by_descriptor || parameters.iter().any(|(_, v)| too_long(v)),
        kind,
        source: text::of("mounts.source", source)?,
        parameters,
        data: text::of(field, data.join(","))?,
    })
}

/// The layers of a `lowerdir=`, its escapes undone.
fn split_layers(text: &str) -> Vec<String> {
    let mut layers = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => layers.push(String::new()),
            '\\' => layers
                .last_mut()
                .into_iter()
                .for_each(|last| last.extend(letters.next())),
            other => layers
                .last_mut()
                .into_iter()
                .for_each(|last| last.push(other)),
        }
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_split_and_unescaped() {
        assert_eq!(split_layers("/a:/b\\:c:/d\\\\e"), ["/a", "/b:c", "/d\\e"]);
        assert_eq!(split_layers("/a"), ["/a"]);
    }

    fn plan(kind: &str, source: &str, options: &[&str]) -> Result<Mount> {
        let setting = Setting {
            abilities: MountAbilities {
                by_descriptor: true,
                attributes: true,
            },
            propagation: flag::SLAVE | flag::RECURSIVE,
            opens: false,
            label: None,
            users: &UserMaps::default(),
            bundle: Path::new("/"),
        };
        let wish = Wish {
            destination: "/x".to_owned(),
            kind: kind.to_owned(),
            source: source.to_owned(),
            options: options.iter().map(ToString::to_string).collect(),
            ..Wish::default()
        };
        Mount::plan(&wish, &setting)
    }

    #[test]
    fn overlays_get_a_parameter_per_layer() {
        let mount = plan(
            "overlay",
            "",
            &["lowerdir=/a:/b", "upperdir=/u", "volatile"],
        )
        .unwrap();
        let From::New(new) = mount.from else { panic!() };
        let names: Vec<_> = new
            .parameters
            .iter()
            .map(|(k, _)| k.to_str().unwrap())
            .collect();
        assert_eq!(names, ["lowerdir+", "lowerdir+", "upperdir", "volatile"]);
        assert_eq!(
            new.data.to_str().unwrap(),
            "lowerdir=/a:/b,upperdir=/u,volatile"
        );
        assert!(!new.only_old);
    }

    #[test]
    fn errors_name_the_mount() {
        for (kind, source, options, word) in [
            ("", "", &[][..], "/x"),
            ("bind", "", &[], "/x"),
            ("bind", "/no/such/path", &[], "/no/such/path"),
            ("tmpfs\0", "", &[], "mounts.type"),
        ] {
            let error = plan(kind, source, options).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
