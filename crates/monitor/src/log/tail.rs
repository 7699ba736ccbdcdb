//! Finding where the last lines of a file begin without reading all of it.
//!
//! Invariant: reads from the end in blocks, so the cost follows the lines asked for, not the file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const BLOCK: usize = 64 * 1024;

/// Where the last `wanted` lines of the first `length` bytes of `file` begin, and how many there are
/// (fewer when the file has fewer).
pub(crate) fn last_lines(file: &File, length: u64, wanted: usize) -> io::Result<(u64, usize)> {
    if wanted == 0 || length == 0 {
        return Ok((length, 0));
    }
    let mut block = vec![0; BLOCK];
    let mut found = 0;
    // The newline that ends the last line begins no further one.
    let mut end = length - 1;
    while end > 0 {
        let size = end.min(BLOCK as u64);
        let start = end - size;
        let part = block
            .get_mut(..usize::try_from(size).unwrap_or(BLOCK))
            .unwrap_or_default();
        file.read_exact_at(part, start)?;
        for at in part
            .iter()
            .enumerate()
            .rev()
            .filter(|&(_, &byte)| byte == b'\n')
            .map(|(at, _)| at)
        {
            found += 1;
            if found == wanted {
                return Ok((start + at as u64 + 1, wanted));
            }
        }
        end = start;
    }
    Ok((0, found + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_found_at_every_block_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for width in [1, 7, BLOCK / 2 - 1, BLOCK - 1, BLOCK, BLOCK + 1] {
            let line = format!("{}\n", "x".repeat(width));
            std::fs::write(&path, line.repeat(5)).unwrap();
            let file = File::open(&path).unwrap();
            let length = line.len() as u64;
            for wanted in 0..8 {
                let got = wanted.min(5);
                let expected = ((5 - got as u64) * length, got);
                assert_eq!(
                    last_lines(&file, 5 * length, wanted).unwrap(),
                    expected,
                    "{width} {wanted}"
                );
            }
        }
    }
}
