//! A device policy as a BPF program for a v2 group.
//!
//! Pure; loading and attaching is `hull_sys::bpf`. Invariant: the program answers as the v1
//! controller does: an allowing exception must cover all of the access asked for, a denying one
//! need only touch it.

use hull_sys::bpf::Instruction;

use super::devices::{Access, Devices, Kind, Policy};

/// The answer.
const R0: u8 = 0;
/// The context, then scratch.
const R1: u8 = 1;
/// Kind of device asked about.
const KIND: u8 = 2;
/// Access asked for.
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// The program of `policy`.
pub(super) fn compile(policy: &Policy) -> Vec<Instruction> {
    let mut program = vec![
        op(0x61, KIND, R1, 0, 0), // kind = context[0]
        op(0x54, KIND, 0, 0, 0xffff),
        op(0x61, ACCESS, R1, 0, 0), // access = context[0] >> 16
        op(0x74, ACCESS, 0, 0, 16),
        op(0x61, MAJOR, R1, 4, 0),
        op(0x61, MINOR, R1, 8, 0),
    ];
    for (devices, access) in &policy.exceptions {
        program.extend(exception(devices, *access, policy.default_allow));
    }
    program.extend(answer(policy.default_allow));
    program
}

fn exception(devices: &Devices, access: Access, default_allow: bool) -> Vec<Instruction> {
    let mut tests = Vec::new();
    let kind = match devices.kind {
        Kind::Block => 1,
        Kind::Char => 2,
    };
    tests.push(op(0x55, KIND, 0, 0, kind)); // not this kind: on to the next exception
    if default_allow {
        tests.push(op(0xbc, R1, ACCESS, 0, 0));
        tests.push(op(0x54, R1, 0, 0, i32::from(access.0)));
        tests.push(op(0x15, R1, 0, 0, 0)); // touches none of it
    } else if access != Access::ALL {
        tests.push(op(0xbc, R1, ACCESS, 0, 0));
        tests.push(op(0x54, R1, 0, 0, i32::from(access.0)));
        tests.push(op(0x5d, R1, ACCESS, 0, 0)); // asks for more
    }
    for (register, number) in [(MAJOR, devices.major), (MINOR, devices.minor)] {
        if let Some(number) = number {
            // A device number has at most 20 bits, so a larger one matches nothing, as -1 does.
            let number = i32::try_from(number).unwrap_or(-1);
            tests.push(op(0x55, register, 0, 0, number));
        }
    }
    let verdict = answer(!default_allow);
    let length = tests.len() + verdict.len();
    for (place, test) in tests.iter_mut().enumerate() {
        if is_jump(test.code) {
            test.offset = i16::try_from(length - place - 1).unwrap_or(i16::MAX);
        }
    }
    tests.extend(verdict);
    tests
}

fn answer(allow: bool) -> [Instruction; 2] {
    [op(0xb7, R0, 0, 0, i32::from(allow)), op(0x95, 0, 0, 0, 0)]
}

fn is_jump(code: u8) -> bool {
    code & 0x07 == 0x05
}

fn op(code: u8, to: u8, from: u8, offset: i16, immediate: i32) -> Instruction {
    Instruction {
        code,
        registers: to | (from << 4),
        offset,
        immediate,
    }
}

#[cfg(test)]
mod tests {
    use hull_oci::runtime_spec::DeviceCgroup;

    use super::*;

    /// Runs `program` as the kernel would on the few operations it is made of.
    fn run(program: &[Instruction], kind: u32, access: u32, numbers: (u32, u32)) -> bool {
        let context = [kind | (access << 16), numbers.0, numbers.1];
        let mut r = [0u64; 11];
        let mut pc = 0usize;
        for _ in 0..10_000 {
            let i = program[pc];
            pc += 1;
            let to = usize::from(i.registers & 15);
            let from = usize::from(i.registers >> 4);
            let imm = i64::from(i.immediate) as u64;
            let jump = match i.code {
                0x61 => {
                    r[to] = u64::from(context[usize::try_from(i.offset).unwrap() / 4]);
                    false
                }
                0x54 => {
                    r[to] &= imm & 0xffff_ffff;
                    false
                }
                0x74 => {
                    r[to] = (r[to] & 0xffff_ffff) >> imm;
                    false
                }
                0xbc => {
                    r[to] = r[from] & 0xffff_ffff;
                    false
                }
                0xb7 => {
                    r[to] = imm;
                    false
                }
                0x55 => r[to] != imm,
                0x15 => r[to] == imm,
                0x5d => r[to] != r[from],
                0x95 => return r[0] == 1,
                other => panic!("operation {other:#x}"),
            };
            if jump {
                pc += usize::try_from(i.offset).unwrap();
            }
        }
        panic!("no end");
    }

    type Rule = (bool, &'static str, Option<i64>, Option<i64>, &'static str);

    fn program(rules: &[Rule]) -> Vec<Instruction> {
        let rules: Vec<DeviceCgroup> = rules
            .iter()
            .map(|&(allow, kind, major, minor, access)| DeviceCgroup {
                allow,
                kind: kind.to_owned(),
                major,
                minor,
                access: access.to_owned(),
            })
            .collect();
        compile(&Policy::of(&rules).unwrap())
    }

    const BLOCK: u32 = 1;
    const CHAR: u32 = 2;

    #[test]
    fn the_usual_container() {
        let p = program(&[
            (false, "a", None, None, "rwm"),
            (true, "b", Some(8), Some(1), "r"),
        ]);
        assert!(run(&p, CHAR, 7, (1, 3)), "null");
        assert!(run(&p, CHAR, 1, (99, 99)), "any mknod");
        assert!(!run(&p, CHAR, 3, (99, 99)), "mknod with read");
        assert!(run(&p, CHAR, 6, (136, 12345)), "any pts");
        assert!(run(&p, BLOCK, 2, (8, 1)), "reading the disk");
        assert!(!run(&p, BLOCK, 6, (8, 1)), "writing the disk");
        assert!(!run(&p, BLOCK, 2, (8, 2)), "another disk");
        assert!(
            !run(&p, CHAR, 2, (8, 1)),
            "a char device of the same number"
        );
    }

    #[test]
    fn the_open_container_with_one_denial() {
        let p = program(&[
            (true, "a", None, None, "rwm"),
            (false, "b", Some(8), None, "w"),
        ]);
        assert!(run(&p, CHAR, 7, (200, 1)));
        assert!(run(&p, BLOCK, 2, (8, 1)));
        assert!(!run(&p, BLOCK, 6, (8, 1)), "touches the denied access");
        assert!(run(&p, BLOCK, 6, (9, 1)));
    }
}
