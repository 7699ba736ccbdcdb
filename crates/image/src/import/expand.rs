//! `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` in instructions.
//!
//! Invariant: single quotes and a backslash keep a dollar as it is; quotes stay for who splits words.

/// `text` with the variables of `env` (`NAME=value`) put in; unknown ones are empty.
pub(super) fn expand(text: &str, env: &[String]) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted && rest.peek() == Some(&'$') => {
                rest.next();
                out.push('$');
                continue;
            }
            '$' if !quoted => {
                if rest.peek() == Some(&'{') {
                    rest.next();
                    let inner: String = rest.by_ref().take_while(|c| *c != '}').collect();
                    out.push_str(&braced(&inner, env)?);
                    continue;
                }
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                if name.is_empty() {
                    out.push('$');
                } else {
                    out.push_str(lookup(&name, env).unwrap_or_default());
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    Ok(out)
}

fn braced(inner: &str, env: &[String]) -> Result<String, String> {
    let end = inner
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (name, rest) = inner.split_at_checked(end).unwrap_or((inner, ""));
    if name.is_empty() {
        return Err(format!("bad substitution: ${{{inner}}}"));
    }
    let value = lookup(name, env).filter(|value| !value.is_empty());
    match (rest.get(..2), rest.get(2..)) {
        (Some(":-"), Some(default)) => Ok(value.unwrap_or(default).to_owned()),
        (Some(":+"), Some(other)) => Ok(value.map(|_| other.to_owned()).unwrap_or_default()),
        _ if rest.is_empty() => Ok(lookup(name, env).unwrap_or_default().to_owned()),
        _ => Err(format!(
            "unsupported modifier in substitution: ${{{inner}}}"
        )),
    }
}

fn lookup<'e>(name: &str, env: &'e [String]) -> Option<&'e str> {
    env.iter()
        .rev()
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}
