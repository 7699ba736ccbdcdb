//! The program of a container or an `exec`: what is executed, as whom, with which rights.

use std::ffi::CString;

use hull_oci::runtime_spec::{
    Capabilities, IoPriority, IoPriorityClass, Personality, Process, Scheduler,
};
use hull_sys::capability::Sets;
use hull_sys::process::{self, Schedule, Strings};

use super::{invalid, text};
use crate::security::seccomp::Filter;
use crate::security::{capabilities, labels, rlimits};
use crate::{Error, Result};

/// A program, ready to be executed.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) arguments: Strings,
    pub(crate) environment: Strings,
    /// Where the program may be, in order.
    pub(crate) candidates: Vec<CString>,
    pub(crate) directory: CString,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
    /// False where the kernel forbids setgroups and none are wanted.
    pub(crate) sets_groups: bool,
    pub(crate) umask: u32,
    /// The capability sets before and after.
    pub(crate) held: Sets,
    pub(crate) capabilities: Sets,
    pub(crate) no_new_privileges: bool,
    pub(crate) limits: Vec<rlimits::Limit>,
    pub(crate) oom_score: Option<CString>,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) io_priority: Option<i32>,
    pub(crate) personality: Option<u64>,
    /// Files of `/proc/self/attr` to open early and what to write to them late.
    pub(crate) labels: Vec<(CString, CString)>,
    pub(crate) filter: Option<Filter>,
    pub(crate) terminal: bool,
    pub(crate) size: Option<(u16, u16)>,
    /// Descriptors from 3 on that stay open.
    pub(crate) keep: u32,
}

/// What a program depends on besides its own description.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The capabilities that can be given.
    pub(crate) held: Sets,
    /// The capabilities that limits are set with.
    pub(crate) limits: u64,
    /// Execution domain.
    pub(crate) personality: Option<&'a Personality>,
    /// Descriptors from 3 on that stay open.
    pub(crate) keep: u32,
}

/// Where programs are looked for when the environment does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Program {
    /// Works out what `process` asks for.
    pub(crate) fn plan(process: &Process, around: Around<'_>) -> Result<Self> {
        let nul = |field: &'static str| move |_| invalid(field, "it contains a zero byte");
        let name = process
            .args
            .first()
            .ok_or_else(|| invalid("process.args", "it is empty: there is no program to run"))?;
        if !process.cwd.starts_with('/') {
            return Err(invalid("process.cwd", "it is not an absolute path"));
        }
        let size = process.console_size.map(|size| {
            let cut = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
            (cut(size.height), cut(size.width))
        });
        Ok(Self {
            candidates: candidates(name, &process.env)?,
            arguments: Strings::new(process.args.iter().map(String::as_str))
                .map_err(nul("process.args"))?,
            environment: Strings::new(environment(process, around.keep))
                .map_err(nul("process.env"))?,
            directory: text::of("process.cwd", process.cwd.as_str())?,
            uid: process.user.uid,
            gid: process.user.gid,
            groups: process.user.additional_gids.clone(),
            sets_groups: true,
            umask: process.user.umask.unwrap_or(0o022),
            held: around.held,
            capabilities: capability_sets(process.capabilities.as_ref(), &around.held),
            no_new_privileges: process.no_new_privileges,
            limits: limits(process, around.limits)?,
            oom_score: oom_score(process.oom_score_adj)?,
            schedule: process.scheduler.as_ref().map(schedule).transpose()?,
            io_priority: process.io_priority.map(io_priority).transpose()?,
            personality: around.personality.map(personality).transpose()?,
            labels: labels(process)?,
            filter: None,
            terminal: process.terminal,
            size: size.filter(|size| *size != (0, 0)),
            keep: around.keep,
        })
    }
}

/// The environment, with HOME left to `init` and a hint for socket activation.
fn environment(process: &Process, keep: u32) -> Vec<String> {
    let mut all = process.env.clone();
    let has =
        |name: &str, all: &[String]| all.iter().any(|one| one.split('=').next() == Some(name));
    if keep > 0 && has("LISTEN_FDS", &all) && !has("LISTEN_PID", &all) {
        all.push("LISTEN_PID=1".to_owned());
    }
    all
}

fn candidates(name: &str, env: &[String]) -> Result<Vec<CString>> {
    let field = "process.args";
    if name.is_empty() {
        return Ok(vec![CString::default()]);
    }
    if name.contains('/') {
        return Ok(vec![text::of(field, name)?]);
    }
    let path = env.iter().rev().find_map(|one| one.strip_prefix("PATH="));
    path.unwrap_or(DEFAULT_PATH)
        .split(':')
        .filter(|dir| dir.starts_with('/'))
        .map(|dir| text::of(field, format!("{}/{name}", dir.trim_end_matches('/'))))
        .collect()
}

/// The sets of a process that says nothing are empty, as with runc.
fn capability_sets(wish: Option<&Capabilities>, held: &Sets) -> Sets {
    wish.map_or_else(Sets::default, |wish| capabilities::resolve(wish, held).sets)
}

fn limits(process: &Process, capabilities: u64) -> Result<Vec<rlimits::Limit>> {
    let mut list: Vec<rlimits::Limit> = Vec::new();
    for one in &process.rlimits {
        let number = rlimits::number(&one.kind)
            .ok_or_else(|| invalid("process.rlimits", format!("no such limit: {}", one.kind)))?;
        if list.iter().any(|known| known.number == number) {
            return Err(invalid(
                "process.rlimits",
                format!("{} is given twice", one.kind),
            ));
        }
        let asked = rlimits::Limit {
            number,
            soft: one.soft,
            hard: one.hard,
        };
        let now = process::limit(number).map_err(Error::Host)?.1;
        list.push(rlimits::explicit(asked, now, capabilities)?);
    }
    Ok(list)
}

fn oom_score(wish: Option<i32>) -> Result<Option<CString>> {
    match wish {
        Some(value) if !(-1000..=1000).contains(&value) => Err(invalid(
            "process.oomScoreAdj",
            format!("{value} is not between -1000 and 1000"),
        )),
        Some(value) => Ok(Some(text::of("process.oomScoreAdj", value.to_string())?)),
        None => Ok(None),
    }
}

fn schedule(wish: &Scheduler) -> Result<Schedule> {
    const POLICIES: &[(&str, u32)] = &[
        ("SCHED_OTHER", 0),
        ("SCHED_FIFO", 1),
        ("SCHED_RR", 2),
        ("SCHED_BATCH", 3),
        ("SCHED_ISO", 4),
        ("SCHED_IDLE", 5),
        ("SCHED_DEADLINE", 6),
    ];
    const FLAGS: &[(&str, u64)] = &[
        ("SCHED_FLAG_RESET_ON_FORK", 0x01),
        ("SCHED_FLAG_RECLAIM", 0x02),
        ("SCHED_FLAG_DL_OVERRUN", 0x04),
        ("SCHED_FLAG_KEEP_POLICY", 0x08),
        ("SCHED_FLAG_KEEP_PARAMS", 0x10),
        ("SCHED_FLAG_UTIL_CLAMP_MIN", 0x20),
        ("SCHED_FLAG_UTIL_CLAMP_MAX", 0x40),
    ];
    let find = |table: &[(&str, u64)], name: &str| {
        table
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let policy = POLICIES.iter().find(|(known, _)| *known == wish.policy);
    let policy = policy.map(|(_, number)| *number).ok_or_else(|| {
        invalid(
            "process.scheduler.policy",
            format!("no such policy: {}", wish.policy),
        )
    })?;
    let mut flags = 0;
    for name in &wish.flags {
        flags |= find(FLAGS, name)
            .ok_or_else(|| invalid("process.scheduler.flags", format!("no such flag: {name}")))?;
    }
    let priority = u32::try_from(wish.priority)
        .map_err(|_| invalid("process.scheduler.priority", "it is negative"))?;
    Ok(Schedule {
        policy,
        flags,
        nice: wish.nice,
        priority,
        deadline: [wish.runtime, wish.deadline, wish.period],
    })
}

fn io_priority(wish: IoPriority) -> Result<i32> {
    let class = match wish.class {
        IoPriorityClass::RealTime => 1,
        IoPriorityClass::BestEffort => 2,
        IoPriorityClass::Idle => 3,
    };
    if !(0..=7).contains(&wish.priority) {
        return Err(invalid(
            "process.ioPriority.priority",
            format!("{} is not between 0 and 7", wish.priority),
        ));
    }
    Ok((class << 13) | wish.priority)
}

fn personality(wish: &Personality) -> Result<u64> {
    if !wish.flags.is_empty() {
        return Err(invalid("linux.personality.flags", "no flag is defined"));
    }
    match wish.domain.as_str() {
        "LINUX" => Ok(0),
        "LINUX32" => Ok(8),
        other => Err(invalid(
            "linux.personality.domain",
            format!("no such domain: {other}"),
        )),
    }
}

fn labels(process: &Process) -> Result<Vec<(CString, CString)>> {
    if process.apparmor_profile.is_empty() && process.selinux_label.is_empty() {
        return Ok(Vec::new());
    }
    let modules = labels::Modules::detect();
    let apparmor = labels::apparmor(&process.apparmor_profile, &modules)?;
    let selinux = labels::selinux(&process.selinux_label, &modules)?;
    let named = [
        ("process.apparmorProfile", apparmor),
        ("process.selinuxLabel", selinux),
    ];
    let mut list = Vec::new();
    for (name, attribute) in named {
        if let Some((file, value)) = attribute {
            list.push((text::of(name, file)?, text::of(name, value)?));
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process {
            args: vec!["sh".to_owned()],
            cwd: "/".to_owned(),
            ..Process::default()
        }
    }

    fn plan(process: &Process) -> Result<Program> {
        let around = Around {
            held: hull_sys::capability::held().unwrap(),
            limits: 0,
            personality: None,
            keep: 0,
        };
        Program::plan(process, around)
    }

    #[test]
    fn programs_are_looked_for_in_the_containers_path() {
        let check = |name: &str, env: &[&str]| {
            let env: Vec<String> = env.iter().map(ToString::to_string).collect();
            let found = candidates(name, &env).unwrap();
            let texts: Vec<&str> = found.iter().map(|one| one.to_str().unwrap()).collect();
            texts.join(" ")
        };
        assert_eq!(check("sh", &["PATH=/a:/b/:c"]), "/a/sh /b/sh");
        assert_eq!(check("sh", &["PATH=/a", "PATH=/z"]), "/z/sh");
        assert_eq!(check("./x", &[]), "./x");
        assert!(check("sh", &[]).ends_with("/bin/sh"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let check = |change: &dyn Fn(&mut Process), word: &str| {
            let mut process = process();
            change(&mut process);
            let error = plan(&process).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        check(&|p| p.args.clear(), "process.args");
        check(&|p| p.cwd = "tmp".to_owned(), "process.cwd");
        check(&|p| p.args[0] = "a\0b".to_owned(), "process.args");
        check(&|p| p.env.push("A=\0".to_owned()), "process.env");
        check(&|p| p.oom_score_adj = Some(1001), "1001");
        check(
            &|p| {
                p.rlimits.push(hull_oci::runtime_spec::Rlimit {
                    kind: "RLIMIT_MOON".to_owned(),
                    hard: 1,
                    soft: 1,
                });
            },
            "RLIMIT_MOON",
        );
        check(
            &|p| {
                p.scheduler = Some(Scheduler {
                    policy: "SCHED_X".to_owned(),
                    ..Scheduler::default()
                });
            },
            "SCHED_X",
        );
    }

    #[test]
    fn a_silent_process_has_no_capabilities() {
        assert_eq!(plan(&process()).unwrap().capabilities, Sets::default());
    }
}
