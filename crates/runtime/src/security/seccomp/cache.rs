//! Compiled filters on disk.
//!
//! One file per profile: a header, the profile's key, the program, a checksum. Invariant: a file is
//! believed only if its version, its key, its length and its checksum all fit; whatever else lies
//! there is as good as nothing. Keys are compared whole, so no collision can swap two profiles.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use hull_sys::seccomp::{Instruction, MAX_INSTRUCTIONS};

/// Changes with the form of the file and with what the compiler makes of a profile.
const MAGIC: &[u8; 8] = b"hullbpf\x01";

/// A program and the flags it is installed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) program: Vec<Instruction>,
    pub(super) flags: u32,
}

/// The program kept for `key`, if a sound one is.
pub(super) fn read(dir: &Path, key: &[u8]) -> Option<Kept> {
    decode(&fs::read(path(dir, key)).ok()?, key)
}

/// Keeps a program for `key`: written beside, then renamed, so that nobody reads half of it.
pub(super) fn write(dir: &Path, key: &[u8], program: &[Instruction], flags: u32) {
    let target = path(dir, key);
    let draft = target.with_extension(format!("{}.tmp", std::process::id()));
    let done = fs::File::create(&draft)
        .and_then(|mut file| file.write_all(&encode(key, program, flags)))
        .and_then(|()| fs::rename(&draft, &target));
    if done.is_err() {
        // A cache that can't be written to costs time at each start and nothing else.
        drop(fs::remove_file(&draft));
    }
}

fn path(dir: &Path, key: &[u8]) -> PathBuf {
    dir.join(format!("seccomp-{:016x}", checksum(&[key])))
}

fn encode(key: &[u8], program: &[Instruction], flags: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + key.len() + program.len() * 8);
    out.extend(MAGIC);
    out.extend(flags.to_le_bytes());
    out.extend(length(key.len()).to_le_bytes());
    out.extend(length(program.len()).to_le_bytes());
    out.extend(key);
    for one in program {
        out.extend(one.code.to_le_bytes());
        out.extend([one.jt, one.jf]);
        out.extend(one.k.to_le_bytes());
    }
    let sum = checksum(&[&out]);
    out.extend(sum.to_le_bytes());
    out
}

fn decode(bytes: &[u8], key: &[u8]) -> Option<Kept> {
    let (body, sum) = bytes.split_last_chunk::<8>()?;
    if u64::from_le_bytes(*sum) != checksum(&[body]) {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let (flags, rest) = rest.split_first_chunk::<4>()?;
    let (key_length, rest) = rest.split_first_chunk::<4>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    if u32::from_le_bytes(*key_length) != length(key.len()) || count > MAX_INSTRUCTIONS {
        return None;
    }
    let program = rest.strip_prefix(key)?;
    if program.len() != count * 8 {
        return None;
    }
    let one = |chunk: &[u8]| match *chunk {
        [c0, c1, jt, jf, k0, k1, k2, k3] => Some(Instruction {
            code: u16::from_le_bytes([c0, c1]),
            jt,
            jf,
            k: u32::from_le_bytes([k0, k1, k2, k3]),
        }),
        _ => None,
    };
    let program: Option<Vec<Instruction>> = program.chunks_exact(8).map(one).collect();
    Some(Kept {
        program: program?,
        flags: u32::from_le_bytes(*flags),
    })
}

fn length(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// FNV-1a over eight bytes at a time: finds damage and spreads names, keeps no enemy out. Who can
/// write into the directory can write into the containers' bundles too.
fn checksum(parts: &[&[u8]]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for chunk in part.chunks(8) {
            let mut word = [0u8; 8];
            word.iter_mut()
                .zip(chunk)
                .for_each(|(to, from)| *to = *from);
            sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
            sum ^= sum >> 29;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let program = vec![
            Instruction {
                code: 6,
                jt: 1,
                jf: 2,
                k: 0x7fff_0000
            };
            3
        ];
        Kept { program, flags: 5 }
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path(), b"key"), None);
        write(dir.path(), b"key", &kept().program, 5);
        assert_eq!(read(dir.path(), b"key"), Some(kept()));
        assert_eq!(read(dir.path(), b"other"), None);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn damage_is_seen() {
        let good = encode(b"key", &kept().program, 5);
        assert_eq!(decode(&good, b"key"), Some(kept()));
        assert_eq!(decode(&good, b"kez"), None);
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 0x40;
            assert_eq!(decode(&bad, b"key"), None, "byte {place}");
            assert_eq!(decode(&good[..place], b"key"), None, "cut at {place}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_does_no_harm() {
        write(Path::new("/nonexistent/x"), b"key", &kept().program, 5);
        assert_eq!(read(Path::new("/nonexistent/x"), b"key"), None);
    }
}
