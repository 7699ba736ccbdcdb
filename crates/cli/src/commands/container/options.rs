//! The flags of `run` and `create` that wish for a container.
//!
//! Leaves turning them into a wish to [`super::wish`]. Invariant: every flag docker has is here;
//! those hull cannot honour yet say what they wait for.

use hull_model::grammar::{device, long_mount, number, pair, resources};
use hull_model::size;

use crate::grammar::flag::{Flag, int, many, one, switch, switch_on};

const PROCESS: &str = "Process";
const STREAMS: &str = "Terminal and streams";
const FILES: &str = "Files and mounts";
const LIMITS: &str = "Resources";
const SECURITY: &str = "Security";
const SPACES: &str = "Namespaces";
const NETWORK: &str = "Network";
const LIFE: &str = "Life";
const IMAGE: &str = "Image and runtime";
const FOREIGN: &str = "Not on Linux";

const NETWORKS: &str = "networks";
const HEALTH: &str = "health checks";
const VOLUMES: &str = "volumes";
const WINDOWS: &str = "only docker on Windows has it";

fn bytes(word: &str) -> Result<(), hull_model::error::Error> {
    size::parse_bytes(word).map(drop)
}

fn bytes_or_unlimited(word: &str) -> Result<(), hull_model::error::Error> {
    size::parse_bytes_or_unlimited(word).map(drop)
}

fn stream(word: &str) -> Result<(), hull_model::error::Error> {
    match word.to_ascii_lowercase().as_str() {
        "stdin" | "stdout" | "stderr" => Ok(()),
        _ => Err(hull_model::error::Error::Mode(
            "valid streams are STDIN, STDOUT and STDERR".into(),
        )),
    }
}

fn variable(word: &str) -> Result<(), hull_model::error::Error> {
    pair::variable(word, |_| None).map(drop)
}

fn duration(word: &str) -> Result<(), hull_model::error::Error> {
    hull_model::duration::parse_duration(word).map(drop)
}

/// Process, terminal, files, life and image.
pub(super) const WISH: &[Flag] = &[
    many("env", "list", "Set environment variables")
        .short('e')
        .check(variable)
        .group(PROCESS),
    many("env-file", "list", "Read environment variables from a file").group(PROCESS),
    many("label", "list", "Label the container")
        .short('l')
        .check(|word| pair::label(word).map(drop))
        .group(PROCESS),
    many("label-file", "list", "Read labels from a file").group(PROCESS),
    many("annotation", "map", "Add an annotation for the OCI runtime").group(PROCESS),
    one("workdir", "string", "Working directory in the container")
        .short('w')
        .group(PROCESS),
    one(
        "user",
        "string",
        "User name or id, and group: <name|uid>[:<group|gid>]",
    )
    .short('u')
    .group(PROCESS),
    many("group-add", "list", "Join additional groups").group(PROCESS),
    one("entrypoint", "string", "Replace the image's entrypoint").group(PROCESS),
    switch(
        "init",
        "Run an init that forwards signals and reaps processes",
    )
    .group(PROCESS),
    one("name", "string", "Name the container").group(LIFE),
    one("cidfile", "string", "Write the container's id to a file").group(LIFE),
    switch(
        "rm",
        "Remove the container and its anonymous volumes when it ends",
    )
    .group(LIFE),
    one(
        "restart",
        "string",
        "When to start it again: no, on-failure[:max], always, unless-stopped",
    )
    .group(LIFE),
    one("stop-signal", "string", "Signal that stops the container").group(LIFE),
    int("stop-timeout", "Seconds before a stop becomes a kill").group(LIFE),
    one(
        "log-driver",
        "string",
        "Where output is kept: json-file or none",
    )
    .group(LIFE),
    many("log-opt", "list", "Options of the log driver").group(LIFE),
    many(
        "attach",
        "list",
        "Attach only these of stdin, stdout, stderr",
    )
    .short('a')
    .check(stream)
    .group(STREAMS),
    switch("interactive", "Keep stdin open even if nobody is attached")
        .short('i')
        .group(STREAMS),
    switch("tty", "Give it a terminal")
        .short('t')
        .group(STREAMS),
    many(
        "volume",
        "list",
        "Mount a host path: /host:/container[:options]",
    )
    .short('v')
    .group(FILES),
    many(
        "mount",
        "mount",
        "Mount, in words: type=bind,source=/a,target=/b",
    )
    .check(|word| long_mount::mount(word).map(drop))
    .group(FILES),
    many(
        "tmpfs",
        "list",
        "Mount a file system in memory: /path[:options]",
    )
    .group(FILES),
    one("shm-size", "bytes", "Size of /dev/shm")
        .check(bytes)
        .group(FILES),
    switch("read-only", "Mount the root file system read-only").group(FILES),
    many(
        "device",
        "list",
        "Give it a host device: /host[:/container][:rwm]",
    )
    .group(FILES),
    one(
        "gpus",
        "gpu-request",
        "Give it GPUs: all, a number, or device=0,1",
    )
    .check(|word| device::gpus(word).map(drop))
    .group(FILES),
    many("storage-opt", "list", "Options of its storage").group(FILES),
    many(
        "volumes-from",
        "list",
        "Mount the volumes of another container",
    )
    .group(FILES)
    .later(VOLUMES),
    one("volume-driver", "string", "Driver of its volumes")
        .group(FILES)
        .later(VOLUMES),
    switch("use-api-socket", "Mount the engine's API socket")
        .group(FILES)
        .later("the API"),
    one(
        "platform",
        "string",
        "Platform of the image: os[/arch[/variant]]",
    )
    .group(IMAGE),
    one(
        "pull",
        "string",
        "Fetch the image: always, missing or never",
    )
    .group(IMAGE)
    .differs("`always`, and an image that is missing, fail until registries come"),
    switch("quiet", "Do not show how the image is fetched")
        .short('q')
        .group(IMAGE),
    one(
        "runtime",
        "string",
        "OCI runtime, by name or path; hull's own when not given",
    )
    .group(IMAGE),
    switch_on(
        "disable-content-trust",
        "Do not verify signatures of images",
    )
    .group(IMAGE)
    .differs("images are verified by their digest; there are no trust signatures, as in docker 29"),
];

/// Limits.
pub(super) const LIMITED: &[Flag] = &[
    one("memory", "bytes", "Most memory")
        .short('m')
        .check(bytes)
        .group(LIMITS),
    one(
        "memory-reservation",
        "bytes",
        "Memory it gets under pressure",
    )
    .check(bytes)
    .group(LIMITS),
    one(
        "memory-swap",
        "bytes",
        "Most memory and swap together; -1 for no limit",
    )
    .check(bytes_or_unlimited)
    .group(LIMITS),
    int(
        "memory-swappiness",
        "How readily it is swapped out, 0 to 100",
    )
    .group(LIMITS),
    switch("oom-kill-disable", "Do not kill it when memory runs out").group(LIMITS),
    int("oom-score-adj", "How readily it is killed, -1000 to 1000").group(LIMITS),
    one("cpus", "decimal", "Number of CPUs")
        .check(|word| resources::cpus(word).map(drop))
        .group(LIMITS),
    int("cpu-shares", "Share of the CPUs under load")
        .short('c')
        .group(LIMITS),
    int("cpu-period", "Period of the CPU quota in microseconds").group(LIMITS),
    int("cpu-quota", "CPU time per period in microseconds").group(LIMITS),
    int(
        "cpu-rt-period",
        "Period of real-time scheduling in microseconds",
    )
    .group(LIMITS),
    int(
        "cpu-rt-runtime",
        "Real-time CPU time per period in microseconds",
    )
    .group(LIMITS),
    one("cpuset-cpus", "string", "CPUs it may use: 0-3 or 0,1").group(LIMITS),
    one("cpuset-mems", "string", "Memory nodes it may use").group(LIMITS),
    int("pids-limit", "Most processes; -1 for no limit").group(LIMITS),
    one(
        "blkio-weight",
        "uint16",
        "Share of the disks, 10 to 1000, 0 for none",
    )
    .check(|word| number::unsigned(word, 16).map(drop))
    .group(LIMITS),
    many(
        "blkio-weight-device",
        "list",
        "Share of one disk: /dev/x:weight",
    )
    .check(|word| resources::device_weight(word).map(drop))
    .group(LIMITS),
    many(
        "device-read-bps",
        "list",
        "Most bytes read per second: /dev/x:1mb",
    )
    .check(|word| resources::device_bps(word).map(drop))
    .group(LIMITS),
    many(
        "device-write-bps",
        "list",
        "Most bytes written per second: /dev/x:1mb",
    )
    .check(|word| resources::device_bps(word).map(drop))
    .group(LIMITS),
    many(
        "device-read-iops",
        "list",
        "Most reads per second: /dev/x:100",
    )
    .check(|word| resources::device_iops(word).map(drop))
    .group(LIMITS),
    many(
        "device-write-iops",
        "list",
        "Most writes per second: /dev/x:100",
    )
    .check(|word| resources::device_iops(word).map(drop))
    .group(LIMITS),
    many("ulimit", "ulimit", "Resource limit: name=soft[:hard]")
        .check(|word| resources::ulimit(word).map(drop))
        .group(LIMITS),
    one("cgroup-parent", "string", "Parent of its cgroup").group(LIMITS),
    one("kernel-memory", "bytes", "Most kernel memory")
        .check(bytes)
        .group(LIMITS)
        .never("deprecated: current kernels have no such limit, and docker ignores it"),
];

/// Security, namespaces and network.
pub(super) const APART: &[Flag] = &[
    switch(
        "privileged",
        "Give it all capabilities and devices of the host",
    )
    .group(SECURITY),
    many("cap-add", "list", "Add capabilities").group(SECURITY),
    many("cap-drop", "list", "Drop capabilities").group(SECURITY),
    many(
        "security-opt",
        "list",
        "Security options: seccomp=FILE, apparmor=, label=, no-new-privileges",
    )
    .group(SECURITY),
    many(
        "device-cgroup-rule",
        "list",
        "Allow devices by number: 'c 1:3 rwm'",
    )
    .check(|word| device::device_rule(word).map(drop))
    .group(SECURITY),
    many(
        "sysctl",
        "map",
        "Kernel parameters of its namespaces: name=value",
    )
    .check(|word| pair::sysctl(word).map(drop))
    .group(SECURITY),
    one("pid", "string", "PID namespace: host or container:ID").group(SPACES),
    one(
        "ipc",
        "string",
        "IPC namespace: none, private, shareable, host or container:ID",
    )
    .group(SPACES),
    one("uts", "string", "UTS namespace: host").group(SPACES),
    one("userns", "string", "User namespace: host").group(SPACES),
    one("cgroupns", "string", "cgroup namespace: host or private").group(SPACES),
    many("network", "network", "Network: none, host or container:ID")
        .group(NETWORK)
        .differs("none, host and container:ID for now; others come with networks"),
    one("hostname", "string", "Host name")
        .short('h')
        .group(NETWORK),
    one("domainname", "string", "NIS domain name").group(NETWORK),
    many("expose", "list", "Tell which ports it listens on").group(NETWORK),
    many("publish", "list", "Publish a port on the host")
        .short('p')
        .group(NETWORK)
        .later(NETWORKS),
    switch("publish-all", "Publish all exposed ports")
        .short('P')
        .group(NETWORK)
        .later(NETWORKS),
    many("add-host", "list", "Add a name to /etc/hosts")
        .group(NETWORK)
        .later(NETWORKS),
    many("dns", "list", "Name servers")
        .group(NETWORK)
        .later(NETWORKS),
    many("dns-option", "list", "Options of the resolver")
        .group(NETWORK)
        .later(NETWORKS),
    many("dns-search", "list", "Search domains of the resolver")
        .group(NETWORK)
        .later(NETWORKS),
    one("ip", "string", "IPv4 address")
        .group(NETWORK)
        .later(NETWORKS),
    one("ip6", "string", "IPv6 address")
        .group(NETWORK)
        .later(NETWORKS),
    many("link", "list", "Link to another container")
        .group(NETWORK)
        .later(NETWORKS),
    many("link-local-ip", "list", "Link-local addresses")
        .group(NETWORK)
        .later(NETWORKS),
    one("mac-address", "string", "MAC address")
        .group(NETWORK)
        .later(NETWORKS),
    many("network-alias", "list", "Names in the network")
        .group(NETWORK)
        .later(NETWORKS),
    one("health-cmd", "string", "Command that checks health")
        .group(LIFE)
        .later(HEALTH),
    one("health-interval", "duration", "Time between two checks")
        .check(duration)
        .group(LIFE)
        .later(HEALTH),
    int("health-retries", "Failures until it is unhealthy")
        .group(LIFE)
        .later(HEALTH),
    one(
        "health-start-interval",
        "duration",
        "Time between two checks at the start",
    )
    .check(duration)
    .group(LIFE)
    .later(HEALTH),
    one(
        "health-start-period",
        "duration",
        "Time in which failures do not count",
    )
    .check(duration)
    .group(LIFE)
    .later(HEALTH),
    one("health-timeout", "duration", "Most time of one check")
        .check(duration)
        .group(LIFE)
        .later(HEALTH),
    switch(
        "no-healthcheck",
        "Do not check health, whatever the image says",
    )
    .group(LIFE)
    .later(HEALTH),
    int("cpu-count", "Number of CPUs")
        .group(FOREIGN)
        .never(WINDOWS),
    int("cpu-percent", "Percentage of the CPUs")
        .group(FOREIGN)
        .never(WINDOWS),
    one("io-maxbandwidth", "bytes", "Bandwidth of the system drive")
        .check(bytes)
        .group(FOREIGN)
        .never(WINDOWS),
    one("io-maxiops", "uint", "Operations of the system drive")
        .check(|word| number::unsigned(word, 64).map(drop))
        .group(FOREIGN)
        .never(WINDOWS),
    one("isolation", "string", "Kind of isolation")
        .group(FOREIGN)
        .never(WINDOWS),
];
