//! A Python process with libseccomp in it, and an interpreter for what it compiles.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use hull_oci::runtime_spec::Seccomp;
use hull_runtime::security::seccomp::Arch;
use serde_json::{Value, json};

/// A Python process with libseccomp in it.
pub(crate) struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) type Program = Vec<(u16, u8, u8, u32)>;

/// What libseccomp made of a profile.
pub(crate) struct Theirs {
    pub(crate) unknown: Vec<String>,
    pub(crate) refused: u64,
    pub(crate) program: Program,
}

impl Oracle {
    pub(crate) fn start() -> Option<Self> {
        if cfg!(not(target_arch = "x86_64")) {
            println!("skipped: written for x86_64");
            return None;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the oracle is a program of its own"
        )]
        let mut python = Command::new("/usr/bin/python3");
        python.arg("-c").arg(include_str!("oracle.py"));
        let started = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                println!("skipped: python3: {error}");
                return None;
            }
        };
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut oracle = Self {
            child,
            questions,
            answers,
        };
        if oracle.try_ask(&crate::tests::plain(Vec::new())).is_none() {
            println!("skipped: python3-seccomp is not installed");
            return None;
        }
        Some(oracle)
    }

    pub(crate) fn try_ask(&mut self, profile: &Seccomp) -> Option<Theirs> {
        let names: BTreeSet<&String> = profile
            .syscalls
            .iter()
            .flat_map(|rule| &rule.names)
            .collect();
        let table = |arch: Arch| -> Value {
            let own = arch
                .syscalls()
                .filter(|(name, _)| names.contains(&(*name).to_owned()));
            own.map(|(name, number)| (name.to_owned(), Value::from(number)))
                .collect()
        };
        let line = json!({"profile": profile, "numbers": {"X86_64": table(Arch::X86_64),
            "X86": table(Arch::X86), "X32": table(Arch::X32)}});
        writeln!(self.questions, "{line}").ok()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).ok()?;
        let answer: Value = serde_json::from_str(&answer).ok()?;
        let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
        let one = |value: &Value| {
            let byte = |place: usize| u8::try_from(number(&value[place])).unwrap();
            (
                u16::try_from(number(&value[0])).unwrap(),
                byte(1),
                byte(2),
                number(&value[3]),
            )
        };
        let unknown = answer["unknown"].as_array()?;
        Some(Theirs {
            unknown: unknown
                .iter()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
            refused: answer["refused"].as_u64()?,
            program: answer["program"].as_array()?.iter().map(one).collect(),
        })
    }

    pub(crate) fn ask(&mut self, profile: &Seccomp) -> Theirs {
        self.try_ask(profile).expect("the oracle answers")
    }
}

/// Classic BPF on a call, as the kernel runs it.
pub(crate) fn run(program: &Program, token: u32, number: u32, args: &[u64; 6]) -> u32 {
    let mut data = [0u32; 16];
    data[0] = number;
    data[1] = token;
    for (place, arg) in args.iter().enumerate() {
        data[4 + 2 * place] = u32::try_from(arg & 0xffff_ffff).unwrap();
        data[5 + 2 * place] = u32::try_from(arg >> 32).unwrap();
    }
    let (mut pc, mut a) = (0usize, 0u32);
    loop {
        let (code, jt, jf, k) = program[pc];
        pc += 1;
        let index = usize::try_from(k).unwrap();
        let holds = match code {
            0x20 => {
                a = data[index / 4];
                continue;
            }
            0x54 => {
                a &= k;
                continue;
            }
            0x05 => {
                pc += index;
                continue;
            }
            0x06 => return k,
            0x15 => a == k,
            0x25 => a > k,
            0x35 => a >= k,
            other => panic!("operation {other:#x}"),
        };
        pc += usize::from(if holds { jt } else { jf });
    }
}
