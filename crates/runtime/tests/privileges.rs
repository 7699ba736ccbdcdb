//! Filters and capability sets in force on a real kernel: a thread takes them on and starts a
//! program, which shows what is left.

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread::spawn;
    use std::time::{Duration, Instant};

    use hull_oci::runtime_spec::Capabilities;
    use hull_runtime::security::capabilities::{DEFAULT, limit, names, resolve};
    use hull_runtime::security::profile::{Context, default_profile};
    use hull_runtime::security::seccomp::{Filter, parse};
    use hull_sys::capability;

    /// What `script` prints when started from a thread that did `before`.
    fn shell(script: &'static str, before: impl FnOnce() + Send + 'static) -> String {
        let run = move || {
            before();
            #[expect(
                clippy::disallowed_methods,
                reason = "a test needs a program to look at"
            )]
            let out = Command::new("/bin/sh")
                .arg("-c")
                .arg(script)
                .output()
                .unwrap();
            String::from_utf8_lossy(&out.stdout).into_owned()
                + &String::from_utf8_lossy(&out.stderr)
        };
        spawn(run).join().unwrap()
    }

    fn is_root() -> bool {
        let root = capability::held().unwrap().effective & DEFAULT == DEFAULT;
        if !root {
            println!("skipped: needs root's capabilities");
        }
        root
    }

    #[test]
    fn the_default_filter_is_in_force() {
        let filter = Filter::compile(&default_profile(&Context::native(DEFAULT))).unwrap();
        let script = "grep Seccomp: /proc/self/status
            unshare -m true
            mount -t tmpfs none /mnt && umount /mnt
            ls / >/dev/null && echo listed";
        let shown = shell(script, move || {
            capability::no_new_privileges().unwrap();
            assert!(filter.install().unwrap().is_none());
        });
        assert!(shown.contains("Seccomp:\t2\n"), "{shown}");
        // util-linux and busybox say it in their own words.
        let refused = shown
            .lines()
            .any(|line| line.starts_with("unshare:") && line.ends_with("Operation not permitted"));
        assert!(refused, "{shown}");
        assert!(shown.contains("listed\n"), "{shown}");
        let denied = [
            "permission denied",
            "Operation not permitted",
            "must be superuser",
        ];
        assert!(
            denied.iter().any(|text| shown.matches(text).count() > 0),
            "{shown}"
        );
    }

    #[test]
    fn a_users_profile_is_in_force() {
        let json = br#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
            {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28},
            {"names":["no_such_call"],"action":"SCMP_ACT_KILL"}]}"#;
        let profile = parse(json, &Context::native(0)).unwrap().unwrap();
        let filter = Filter::compile(&profile).unwrap();
        let shown = shell("mkdir /tmp/hull-never", move || {
            capability::no_new_privileges().unwrap();
            filter.install().unwrap();
        });
        assert!(shown.contains("No space left on device"), "{shown}");
    }

    #[test]
    fn the_default_capabilities_are_what_docker_shows() {
        if !is_root() {
            return;
        }
        let list: Vec<String> = names(DEFAULT).into_iter().map(str::to_owned).collect();
        let wish = Capabilities {
            bounding: list.clone(),
            effective: list.clone(),
            permitted: list,
            ..Capabilities::default()
        };
        let held = capability::held().unwrap();
        let got = resolve(&wish, &held);
        assert_eq!((got.withheld, got.unknown), (0, Vec::new()));
        let shown = shell("grep Cap /proc/self/status", move || {
            capability::limit_bounding(held.bounding, got.sets.bounding).unwrap();
            capability::apply(&got.sets).unwrap();
        });
        for line in ["CapEff:", "CapPrm:", "CapBnd:"] {
            assert!(
                shown.contains(&format!("{line}\t00000000a80425fb")),
                "{shown}"
            );
        }
        for line in ["CapInh:", "CapAmb:"] {
            assert!(
                shown.contains(&format!("{line}\t0000000000000000")),
                "{shown}"
            );
        }
    }

    #[test]
    fn ambient_capabilities_survive_exec() {
        if !is_root() {
            return;
        }
        let one = 1 << 10;
        let asked = capability::Sets {
            bounding: u64::MAX,
            effective: one,
            permitted: one,
            inheritable: one,
            ambient: one,
        };
        let held = capability::held().unwrap();
        let sets = limit(&asked, &held);
        let shown = shell("grep CapAmb /proc/self/status", move || {
            capability::apply(&sets).unwrap();
        });
        assert!(shown.contains("CapAmb:\t0000000000000400"), "{shown}");
    }

    #[test]
    fn a_kept_filter_is_cheap() {
        let dir = tempfile::tempdir().unwrap();
        let context = Context::native(DEFAULT);
        let key = b"default";
        let compile = || Filter::compile(&default_profile(&context));
        let first = Filter::cached_by(dir.path(), key, compile).unwrap();
        let mut best = [Duration::MAX; 3];
        for _ in 0..20 {
            let begin = Instant::now();
            compile().unwrap();
            best[0] = best[0].min(begin.elapsed());
            let begin = Instant::now();
            let kept = Filter::cached_by(dir.path(), key, || panic!("it is kept")).unwrap();
            best[1] = best[1].min(begin.elapsed());
            assert_eq!(kept, first);
            let install = move || {
                capability::no_new_privileges().unwrap();
                let begin = Instant::now();
                kept.install().unwrap();
                begin.elapsed()
            };
            best[2] = best[2].min(spawn(install).join().unwrap());
        }
        let length = first.program.len();
        println!(
            "{length} instructions: compile {:?}, read {:?}, install {:?}",
            best[0], best[1], best[2]
        );
    }
}
