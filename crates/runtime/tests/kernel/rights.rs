//! What a container may do: capabilities, filters, privileges; and that it can't reach our program.

use std::fs;
use std::os::fd::AsFd;

use hull_oci::runtime_spec::{Action, Capabilities, Seccomp, SyscallRule};

use super::place::Place;

pub(crate) const CASES: &[crate::Case] = &[
    ("capability_sets", capabilities),
    ("no_capabilities_unless_asked_for", silent),
    ("a_filter_with_and_without_new_privileges", filter),
    ("our_program_is_sealed", seal),
];

fn capabilities() {
    let mut place = Place::new("capabilities");
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    place.process().capabilities = Some(Capabilities {
        bounding: names(&["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"]),
        effective: names(&["CAP_CHOWN"]),
        permitted: names(&["CAP_CHOWN", "CAP_KILL"]),
        inheritable: names(&["CAP_KILL"]),
        ambient: names(&["CAP_KILL"]),
    });
    place.process().user.uid = 1000;
    let shown = place.show(&["cat:/proc/self/status"]);
    let field =
        |name: &str| u64::from_str_radix(shown.field("/proc/self/status", name), 16).unwrap();
    assert_eq!(field("CapBnd"), 1 | 1 << 5 | 1 << 13);
    // For a user who is not root, exec keeps what is ambient.
    assert_eq!(field("CapInh"), 1 << 5);
    assert_eq!(field("CapPrm"), 1 << 5);
    assert_eq!(field("CapEff"), 1 << 5);
    assert_eq!(field("CapAmb"), 1 << 5);
    assert_eq!(shown.field("/proc/self/status", "NoNewPrivs"), "0");
    assert_eq!(shown.field("/proc/self/status", "Seccomp"), "0");
}

fn silent() {
    let mut place = Place::new("silent");
    place.process().capabilities = None;
    let shown = place.show(&["cat:/proc/self/status"]);
    for set in ["CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"] {
        assert_eq!(shown.field("/proc/self/status", set), "0000000000000000");
    }
}

fn filter() {
    for no_new_privileges in [false, true] {
        let mut place = Place::new("filter");
        place.process().no_new_privileges = no_new_privileges;
        // As old profiles do, it lacks calls the runtime uses; they are made before it counts.
        let names = [
            "readlink",
            "readlinkat",
            "close_range",
            "openat2",
            "mount_setattr",
        ];
        place.linux().seccomp = Some(Seccomp {
            default_action: Action::Allow,
            default_errno_ret: None,
            architectures: Vec::new(),
            flags: Vec::new(),
            listener_path: String::new(),
            listener_metadata: String::new(),
            syscalls: vec![SyscallRule {
                names: names.map(str::to_owned).to_vec(),
                action: Action::Errno,
                errno_ret: Some(42),
                args: Vec::new(),
            }],
        });
        let shown = place.show(&["cat:/proc/self/status", "link:/dev/fd"]);
        assert_eq!(shown.field("/proc/self/status", "Seccomp"), "2");
        assert_eq!(
            shown.field("/proc/self/status", "NoNewPrivs"),
            u8::from(no_new_privileges).to_string()
        );
        assert_eq!(shown.part("/dev/fd"), "error 42");
    }
}

fn seal() {
    let program = hull_runtime::seal::program().unwrap();
    assert!(hull_sys::fd::is_sealed(program.as_fd()).unwrap());
    let plain = fs::File::open("/proc/self/exe").unwrap();
    let temporary = fs::File::open(Place::new("seal").root().join("probe")).unwrap();
    assert!(!hull_sys::fd::is_sealed(temporary.as_fd()).unwrap());
    let copy = hull_sys::fd::sealed_copy(c"copy", plain.as_fd()).unwrap();
    assert!(hull_sys::fd::is_sealed(copy.as_fd()).unwrap());
}
