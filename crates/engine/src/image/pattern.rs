//! Patterns of the `reference` filter: `*`, `?` and `[…]`, none of which crosses a slash.

/// Whether the familiar name `name` matches `pattern`, with or without its tag or digest.
pub(crate) fn matches_name(pattern: &str, name: &str) -> bool {
    let bare = match (name.split_once('@'), name.rsplit_once(':')) {
        (Some((bare, _)), _) => bare,
        (None, Some((bare, tag))) if !tag.contains('/') => bare,
        _ => name,
    };
    matches(pattern, name) || matches(pattern, bare)
}

/// Go's `path.Match` on bytes; a malformed pattern matches nothing.
fn matches(pattern: &str, text: &str) -> bool {
    glob(pattern.as_bytes(), text.as_bytes())
}

fn glob(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Where to go on when the last `*` has to take one byte more.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        let stepped = match pattern {
            [] if text.is_empty() => return true,
            [b'*', rest @ ..] => {
                retry = Some((rest, text));
                Some((rest, text))
            }
            _ => step(pattern, text),
        };
        let next = stepped.or_else(|| match retry {
            Some((rest, [byte, left @ ..])) if *byte != b'/' => {
                retry = Some((rest, left));
                Some((rest, left))
            }
            _ => None,
        });
        let Some((rest, left)) = next else {
            return false;
        };
        (pattern, text) = (rest, left);
    }
}

/// Takes one byte of `text` by one item of `pattern`.
fn step<'p, 't>(pattern: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
    let (byte, left) = text.split_first()?;
    match pattern {
        [b'?', rest @ ..] => (*byte != b'/').then_some((rest, left)),
        [b'\\', literal, rest @ ..] => (literal == byte).then_some((rest, left)),
        [b'[', class @ ..] => {
            let end = class.iter().position(|&b| b == b']')?;
            let (class, rest) = (class.get(..end)?, class.get(end + 1..)?);
            let (negated, class) = match class {
                [b'^', class @ ..] => (true, class),
                class => (false, class),
            };
            (in_class(class, *byte) != negated).then_some((rest, left))
        }
        [literal, rest @ ..] => (literal == byte).then_some((rest, left)),
        [] => None,
    }
}

fn in_class(mut class: &[u8], byte: u8) -> bool {
    loop {
        match class {
            [] => return false,
            [low, b'-', high, rest @ ..] => {
                if (*low..=*high).contains(&byte) {
                    return true;
                }
                class = rest;
            }
            [one, rest @ ..] => {
                if *one == byte {
                    return true;
                }
                class = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches_name;

    #[test]
    fn references_match_as_docker_says() {
        let lines = [
            ("busybox", "busybox:latest", true),
            ("busy*", "busybox:latest", true),
            ("*", "library/busybox:1", false),
            ("*/busybox", "library/busybox:1", true),
            ("busybox:1.?", "busybox:1.2", true),
            ("busybox:[0-9]*", "busybox:1.36", true),
            ("busybox:[^0-9]*", "busybox:1.36", false),
            ("b*x:l*t", "busybox:latest", true),
            ("alpine", "busybox:latest", false),
            ("host:5000/a", "host:5000/a:1", true),
            ("a", "a@sha256:00", true),
            ("[", "[", false),
        ];
        for (pattern, name, expected) in lines {
            assert_eq!(matches_name(pattern, name), expected, "{pattern} {name}");
        }
    }
}
