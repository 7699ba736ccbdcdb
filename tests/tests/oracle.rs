//! The same wish on docker and on hull: what the kernel and the container show must be the same.
//!
//! Runs where `HULL_DOCKER` holds the words of a docker client whose daemon works (`docker`, or
//! `docker -H unix:///…`). Invariant: a difference is either in `KNOWN`, with its reason, or a
//! finding.

use std::collections::BTreeSet;
use std::process::Command;

use hull_test::{Done, Env, env, images, kernel, require};

/// Wishes: flags, and what runs (the facts script when empty).
const WISHES: &[&str] = &[
    "",
    "--read-only --tmpfs /tmp",
    "--tmpfs /a:size=1m,mode=700,exec",
    "-u alice",
    "-u 1000:10 --group-add audio",
    "-u 4321",
    "-w /made/here",
    "-e A=1 -e B= --hostname box --domainname example.org",
    "--cap-drop ALL",
    "--cap-add NET_ADMIN --cap-drop CHOWN",
    "--security-opt no-new-privileges",
    "--security-opt seccomp=unconfined",
    "--ulimit nofile=100:200 --ulimit core=0",
    "-m 64m --memory-reservation 32m --cpus 0.5 --pids-limit 20",
    "-m 64m --memory-swap -1 --cpu-shares 100 --cpuset-cpus 0 --memory-swappiness 10",
    "--cpu-period 50000 --cpu-quota 25000 --oom-score-adj 100",
    "--device /dev/zero:/dev/nought:rw --device-cgroup-rule c-10:200-rwm",
    "--ipc host",
    "--pid host",
    "--uts host -e HOSTNAME=given",
    "--shm-size 8m --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shm_rmid_forced=1",
    "--init",
    "-v /usr/share:/data:ro -v /usr/lib:/host-lib",
    "--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770",
    "--mount type=bind,src=/usr/share,dst=/data,readonly,bind-propagation=rprivate",
    "-t",
    "--cgroupns private",
    "--oom-kill-disable -m 32m",
    "--stop-signal INT --label a=b",
];

/// What may differ, and why: a line that holds one of these is left out on both sides.
const KNOWN: &[(&str, &str)] = &[
    (
        "/etc/resolv.conf",
        "which host directory stands behind it differs by engine",
    ),
    (
        "mount /sys/fs/cgroup ",
        "read-only here, and so are the groups in it",
    ),
    (
        "mount /sys/fs/cgroup/cpuset ",
        "joined only when asked for: it costs most of all groups",
    ),
    ("mount /sys/fs/cgroup/systemd ", "not a controller"),
    ("cgroup name=systemd:", "not a controller"),
    ("cgroup cpuset:", "joined only when asked for"),
    (
        "cgroup :",
        "the group of version 2 is made where it limits something",
    ),
    ("cgroups ", "the list of the mounts above"),
    (
        "mount /sys ",
        "the option shown twice is the mount's here, the file system's there",
    ),
    (
        "mount /sys/firmware ",
        "masked by an empty directory, made another way",
    ),
    (
        "mount /proc/acpi ",
        "masked by an empty directory, made another way",
    ),
    (
        "mount /proc/keys ",
        "masked by the host's null device here, by the container's there",
    ),
    (
        "mount /proc/timer_list ",
        "masked by the host's null device here, by the container's there",
    ),
    ("mount /proc/interrupts ", "masked since docker 28"),
    (
        "ip6-localnet",
        "written without the last zero since docker 25",
    ),
    (
        "ip6-mcastprefix",
        "written without the last zero since docker 25",
    ),
    ("devices.list c 10:200 rwm", "given by runc before 1.2"),
];

/// Prints what a container sees, a fact a line.
const LOOK: &str = r#"
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Umask):' /proc/self/status
while read -r id parent dev root place options rest; do
  fs=$(echo " $rest" | sed 's/.* - //'); set -- $fs
  case $1 in overlay) fs=overlay ;; ext4) fs="$1 $3" ;; esac
  prop=$(echo " $rest" | sed 's/ - .*//; s/ master:[0-9]*//; s/:[0-9]*//g')
  echo "mount $place $options $fs$prop"
done < /proc/self/mountinfo
ls -ln /dev | awk 'NR > 1 { print "dev", $1, $3, $4, $5, $6 ~ /^[0-9]/ ? $6 : "", $NF }' | grep -v ' mqueue$'
env | sort | sed 's/^/env /'
sed 's/^/limit /; s/  */ /g' /proc/self/limits
echo "umask $(umask) pwd $(pwd) id $(id) host $(hostname) domain $(cat /proc/sys/kernel/domainname)"
echo "tty $(tty) oom $(cat /proc/self/oom_score_adj)"
sed 's/^/hosts /' /etc/hosts
stat -c 'stat %n %a %u %g %F' / /dev /dev/pts /dev/shm /dev/ptmx /etc/hosts /etc/hostname /etc/resolv.conf /proc/sys /sys /tmp
echo "init $(head -c 12 /proc/1/cmdline | tr '\0\n' '  ')"
for f in net/ipv4/ip_forward net/ipv4/ping_group_range net/ipv4/ip_unprivileged_port_start kernel/shm_rmid_forced kernel/msgmax; do echo "sysctl $f $(cat /proc/sys/$f)"; done
for c in 'mkdir /x' 'mount -t tmpfs x /mnt' 'unshare -U true' 'unshare -m true' 'touch /proc/sys/kernel/x' 'echo 1 > /proc/sys/kernel/domainname' 'ls /proc/acpi' 'cat /proc/kcore' 'mknod /n c 1 3' 'chroot / true' 'ip link add d type dummy' 'ls -A /sys/firmware' 'echo 0 > /sys/fs/cgroup/memory/tasks'; do
  sh -c "$c" >/dev/null 2>&1; echo "try $c: $?"
done
cut -d: -f2,3 /proc/self/cgroup | sed 's/^/cgroup /'
ls /sys/fs/cgroup | tr '\n' ' ' | sed 's/^/cgroups /'; echo
"#;

/// Runs a command line of an engine.
type Run<'a> = Box<dyn Fn(&[&str]) -> Done + 'a>;

/// An engine.
struct Engine<'a> {
    name: &'a str,
    run: Run<'a>,
}

#[test]
fn docker_and_hull_show_the_same_facts() {
    require!();
    let Some(docker) = std::env::var("HULL_DOCKER").ok() else {
        hull_test::requires::note_skip("oracle", "HULL_DOCKER names no docker client");
        return;
    };
    let engine = Env::busybox();
    let words: Vec<String> = docker.split_whitespace().map(str::to_owned).collect();
    let docker = Engine {
        name: "docker",
        run: Box::new(|line| env::finish(Command::new(&words[0]).args(&words[1..]).args(line))),
    };
    let hull = Engine {
        name: "hull",
        run: Box::new(|line| engine.hull(line)),
    };
    (docker.run)(&["load", "-q", "-i", &images::busybox().to_string_lossy()]).ok();
    let mut differences = Vec::new();
    for wish in WISHES {
        let (theirs, ours) = (facts(&docker, wish), facts(&hull, wish));
        for line in theirs.difference(&ours) {
            differences.push(format!("[{wish}] only docker: {line}"));
        }
        for line in ours.difference(&theirs) {
            differences.push(format!("[{wish}] only hull:   {line}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Everything there is to see of a container with this wish: from inside, and of its groups.
fn facts(engine: &Engine<'_>, wish: &str) -> BTreeSet<String> {
    let flags: Vec<String> = wish
        .split_whitespace()
        .map(|word| {
            word.strip_prefix("c-").map_or_else(
                || word.to_owned(),
                |rule| format!("c {}", rule.replace('-', " ")),
            )
        })
        .collect();
    let network = if wish.contains("--network") {
        ""
    } else {
        "none"
    };
    let line = |verb: &[&str], command: &[&str]| {
        let mut words: Vec<String> = verb.iter().map(|w| (*w).to_owned()).collect();
        if !network.is_empty() {
            words.extend(["--network".to_owned(), network.to_owned()]);
        }
        words.extend(flags.iter().cloned());
        words.push("busybox".to_owned());
        words.extend(command.iter().map(|w| (*w).to_owned()));
        words
    };
    let run =
        |words: Vec<String>| (engine.run)(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let inside = run(line(&["run", "--rm"], &["sh", "-c", LOOK]));
    let id = run(line(&["run", "-d"], &["sleep", "1000"]));
    let mut lines: Vec<String> = inside
        .out
        .lines()
        .map(|l| l.trim_end().to_owned())
        .collect();
    lines.push(format!("exit {}", inside.code));
    if inside.code == 125 {
        println!("{} [{wish}]: {}", engine.name, inside.err.trim());
    }
    let id = id.out.trim().to_owned();
    if id.len() == 64 {
        lines.extend(groups(engine, &id));
        (engine.run)(&["rm", "-f", &id]).ok();
    }
    let mine = |text: String| {
        if id.is_empty() {
            text
        } else {
            text.replace(&id, "ID")
        }
    };
    lines
        .into_iter()
        .map(mine)
        .map(|line| anonymous(&line))
        .filter(|line| !KNOWN.iter().any(|(part, _)| line.contains(part)))
        .collect()
}

/// Ids of containers are chance: words of 64 or 12 hexadecimal digits become one word.
fn anonymous(line: &str) -> String {
    let hex =
        |word: &str| matches!(word.len(), 12 | 64) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut out = String::new();
    let mut word = String::new();
    for c in line.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        out.push_str(if hex(&word) { "ID" } else { &word });
        word.clear();
        out.push(c);
    }
    out.trim_end()
        .replace("/docker/ID", "/GROUP/ID")
        .replace("/hull/ID", "/GROUP/ID")
}

/// The limits of a container's groups and which namespaces are its own.
fn groups(engine: &Engine<'_>, id: &str) -> Vec<String> {
    let pid = (engine.run)(&["inspect", "-f", "{{.State.Pid}}", id]).ok();
    let pid = pid.parse().expect("a pid");
    if pid == 0 {
        return vec!["does not run".into()];
    }
    let own = std::process::id().cast_signed();
    let mut lines: Vec<String> = ["mnt", "pid", "uts", "ipc", "net", "cgroup", "user", "time"]
        .iter()
        .map(|kind| {
            let shared = kernel::namespace(pid, kind) == kernel::namespace(own, kind);
            format!("namespace {kind} {}", if shared { "shared" } else { "own" })
        })
        .collect();
    for (controller, file) in [
        ("memory", "memory.limit_in_bytes"),
        ("memory", "memory.soft_limit_in_bytes"),
        ("memory", "memory.memsw.limit_in_bytes"),
        ("memory", "memory.swappiness"),
        ("memory", "memory.oom_control"),
        ("cpu", "cpu.shares"),
        ("cpu", "cpu.cfs_quota_us"),
        ("cpu", "cpu.cfs_period_us"),
        ("cpuset", "cpuset.cpus"),
        ("cpuset", "cpuset.mems"),
        ("pids", "pids.max"),
        ("devices", "devices.list"),
    ] {
        let path = kernel::cgroup_v1(pid, controller).join(file);
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| error.to_string());
        lines.extend(text.lines().map(|line| format!("{file} {line}")));
    }
    lines
}
