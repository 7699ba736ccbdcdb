//! How a child that has not executed its program yet says what went wrong: a step, an error number
//! and a subject, in a fixed number of bytes, because it may not allocate.
//!
//! Invariant: every step of `init` has a name here, and a failure survives `encode` and `decode`.

use std::fmt;
use std::io;

/// A step a child takes between clone and exec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    JoinCgroup,
    EnterNamespace,
    NewCgroupNamespace,
    UserMaps,
    Loopback,
    Propagation,
    AttachRoot,
    Overlay,
    Mount,
    MountPoint,
    CopyUp,
    Device,
    Link,
    Mask,
    ReadOnly,
    Sysctl,
    HostName,
    DomainName,
    Pivot,
    Terminal,
    Hook,
    Session,
    Stdio,
    Limit,
    OomScore,
    Schedule,
    IoPriority,
    Affinity,
    Personality,
    Label,
    NoNewPrivileges,
    Seccomp,
    Bounding,
    Groups,
    Group,
    User,
    Capabilities,
    WorkingDirectory,
    Find,
    CloseOnExec,
    Channel,
    Wait,
    Execute,
    Clone,
}

const STEPS: &[(Step, &str)] = &[
    (Step::JoinCgroup, "cannot join cgroup"),
    (Step::EnterNamespace, "cannot enter namespace"),
    (Step::NewCgroupNamespace, "cannot make a cgroup namespace"),
    (Step::UserMaps, "cannot become root of the user namespace"),
    (Step::Loopback, "cannot bring up the loopback interface"),
    (Step::Propagation, "cannot set the propagation of"),
    (Step::AttachRoot, "cannot mount the root file system at"),
    (Step::Overlay, "cannot mount"),
    (Step::Mount, "cannot mount"),
    (Step::MountPoint, "cannot make the mount point"),
    (Step::CopyUp, "cannot copy the files below"),
    (Step::Device, "cannot make device"),
    (Step::Link, "cannot make link"),
    (Step::Mask, "cannot mask"),
    (Step::ReadOnly, "cannot make read-only"),
    (Step::Sysctl, "cannot set kernel parameter"),
    (Step::HostName, "cannot set host name"),
    (Step::DomainName, "cannot set domain name"),
    (Step::Pivot, "cannot change the root to"),
    (Step::Terminal, "cannot set up the terminal"),
    (Step::Hook, "cannot run hook"),
    (Step::Session, "cannot start a session"),
    (Step::Stdio, "cannot set up descriptor"),
    (Step::Limit, "cannot set limit"),
    (Step::OomScore, "cannot set oom_score_adj to"),
    (Step::Schedule, "cannot set the scheduling policy"),
    (Step::IoPriority, "cannot set the disk priority"),
    (Step::Affinity, "cannot set the CPU affinity"),
    (Step::Personality, "cannot set the execution domain"),
    (Step::Label, "cannot set the label for execution"),
    (Step::NoNewPrivileges, "cannot set no-new-privileges"),
    (Step::Seccomp, "cannot load the seccomp filter"),
    (Step::Bounding, "cannot limit the capability bounding set"),
    (Step::Groups, "cannot set the supplementary groups"),
    (Step::Group, "cannot become group"),
    (Step::User, "cannot become user"),
    (Step::Capabilities, "cannot set the capabilities"),
    (Step::WorkingDirectory, "cannot change to working directory"),
    (Step::Find, "exec:"),
    (Step::CloseOnExec, "cannot close descriptors"),
    (Step::Channel, "cannot speak with the parent process"),
    (Step::Wait, "cannot wait for start"),
    (Step::Execute, "exec"),
    (Step::Clone, "cannot clone"),
];

impl Step {
    fn text(self) -> &'static str {
        let found = STEPS.iter().find(|(step, _)| *step == self);
        found.map_or("cannot initialise", |(_, text)| *text)
    }

    fn from_byte(byte: u8) -> Self {
        let found = STEPS.iter().find(|(step, _)| *step as u8 == byte);
        found.map_or(Self::Channel, |(step, _)| *step)
    }
}

const ROOM: usize = 500;

/// What went wrong in a child.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    pub(crate) code: i32,
    subject: [u8; ROOM],
    length: usize,
}

impl Failure {
    /// A failure of `step` because of `error`.
    pub(crate) fn new(step: Step, error: &io::Error) -> Self {
        Self {
            step,
            code: error.raw_os_error().unwrap_or(0),
            subject: [0; ROOM],
            length: 0,
        }
    }

    /// The same, about `subject`; what does not fit is cut.
    pub(crate) fn about(mut self, subject: &[u8]) -> Self {
        let room = self.subject.get_mut(self.length..).unwrap_or(&mut []);
        for (to, from) in room.iter_mut().zip(subject) {
            *to = *from;
        }
        self.length = (self.length + subject.len()).min(ROOM);
        self
    }

    /// The subject as text.
    pub(crate) fn subject(&self) -> String {
        let bytes = self.subject.get(..self.length).unwrap_or(&[]);
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The form in which it travels.
    pub(crate) fn encode(&self) -> ([u8; ROOM + 6], usize) {
        let mut bytes = [0u8; ROOM + 6];
        let head = [b'F', self.step as u8].into_iter();
        let all = head
            .chain(self.code.to_le_bytes())
            .chain(self.subject.iter().copied());
        for (to, from) in bytes.iter_mut().zip(all) {
            *to = from;
        }
        (bytes, self.length + 6)
    }

    /// Reads what `encode` made; `None` when it is something else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let [b'F', step, a, b, c, d, subject @ ..] = bytes else {
            return None;
        };
        let code = i32::from_le_bytes([*a, *b, *c, *d]);
        let error = io::Error::from_raw_os_error(code);
        let mut failure = Self::new(Step::from_byte(*step), &error).about(subject);
        failure.code = code;
        Some(failure)
    }

    /// The cause, when the kernel gave one.
    pub(crate) fn cause(&self) -> Option<io::Error> {
        (self.code != 0).then(|| io::Error::from_raw_os_error(self.code))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject();
        match self.step {
            // Docker and containerd look for these words to choose between 126 and 127.
            Step::Find if self.code == libc_enoent() => {
                write!(f, "exec: {subject:?}: executable file not found in $PATH")
            }
            Step::Find | Step::Execute => write!(f, "exec: {subject:?}"),
            step if subject.is_empty() => f.write_str(step.text()),
            step => write!(f, "{} {subject}", step.text()),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self}: {})", self.code)
    }
}

fn libc_enoent() -> i32 {
    2
}

/// Turns the error of one step into a failure.
pub(crate) trait At<T> {
    /// A failure of `step`.
    fn at(self, step: Step) -> Result<T, Failure>;
    /// A failure of `step` about `subject`.
    fn about(self, step: Step, subject: &[u8]) -> Result<T, Failure>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(step, &error))
    }

    fn about(self, step: Step, subject: &[u8]) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(step, &error).about(subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_survives_the_journey() {
        for (step, _) in STEPS {
            let error = io::Error::from_raw_os_error(13);
            let failure = Failure::new(*step, &error).about(b"/x").about(b"y");
            let (bytes, length) = failure.encode();
            let back = Failure::decode(&bytes[..length]).unwrap();
            assert_eq!((back.step, back.code), (*step, 13));
            assert_eq!(back.subject(), "/xy");
        }
        assert!(Failure::decode(b"").is_none());
        assert!(Failure::decode(b"R").is_none());
    }

    #[test]
    fn a_long_subject_is_cut() {
        let failure =
            Failure::new(Step::Mount, &io::Error::from_raw_os_error(2)).about(&[b'a'; 9000]);
        assert_eq!(failure.subject().len(), ROOM);
    }

    #[test]
    fn a_missing_program_reads_as_docker_expects() {
        let failure = Failure::new(Step::Find, &io::Error::from_raw_os_error(2)).about(b"nope");
        assert_eq!(
            failure.to_string(),
            "exec: \"nope\": executable file not found in $PATH"
        );
    }
}
