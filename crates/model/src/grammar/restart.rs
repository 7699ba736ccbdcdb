//! `--restart`: `no`, `on-failure[:n]`, `always`, `unless-stopped`.
//!
//! Invariant: a count is only taken where it means something.

use crate::container::restart::RestartPolicy;
use crate::error::Error;

/// Reads a policy; the empty word is `no`.
pub fn restart_policy(word: &str) -> Result<RestartPolicy, Error> {
    let fail = |text: &str| Error::Restart(text.to_owned());
    let (name, count) = match word.split_once(':') {
        None => (word, None),
        Some(("", _)) => return Err(fail(" format: no policy provided before colon")),
        Some((name, count)) => {
            let count: i64 = count
                .parse()
                .map_err(|_| fail(" format: maximum retry count must be an integer"))?;
            (name, Some(count))
        }
    };
    let policy = match name {
        "" | "no" => RestartPolicy::No,
        "always" => RestartPolicy::Always,
        "unless-stopped" => RestartPolicy::UnlessStopped,
        "on-failure" => {
            let maximum = u32::try_from(count.unwrap_or(0))
                .map_err(|_| fail(": maximum retry count cannot be negative"))?;
            return Ok(RestartPolicy::OnFailure { maximum });
        }
        _ => {
            return Err(fail(&format!(
                ": unknown policy '{name}'; use one of 'no', 'always', 'on-failure', or \
                 'unless-stopped'"
            )));
        }
    };
    match count {
        Some(n) if n != 0 => Err(fail(
            ": maximum retry count can only be used with 'on-failure'",
        )),
        _ => Ok(policy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read() {
        let check = |word: &str, expected: Result<RestartPolicy, &str>| {
            let got = restart_policy(word).map_err(|e| e.to_string());
            assert_eq!(
                got,
                expected.map_err(|e| format!("invalid restart policy{e}")),
                "{word}"
            );
        };
        check("", Ok(RestartPolicy::No));
        check("no", Ok(RestartPolicy::No));
        check("always", Ok(RestartPolicy::Always));
        check("unless-stopped", Ok(RestartPolicy::UnlessStopped));
        check("on-failure", Ok(RestartPolicy::OnFailure { maximum: 0 }));
        check("on-failure:3", Ok(RestartPolicy::OnFailure { maximum: 3 }));
        check(
            "on-failure:x",
            Err(" format: maximum retry count must be an integer"),
        );
        check(":3", Err(" format: no policy provided before colon"));
        check(
            "on-failure:-1",
            Err(": maximum retry count cannot be negative"),
        );
        check(
            "always:3",
            Err(": maximum retry count can only be used with 'on-failure'"),
        );
        check(
            "x",
            Err(
                ": unknown policy 'x'; use one of 'no', 'always', 'on-failure', or \
                 'unless-stopped'",
            ),
        );
    }
}
