//! Giving memory back that a long wait will not need.
//!
//! Invariant: nothing that is in use changes: only free heap, stack below the current frame, and clean
//! pages of the program's own file are let go.

unsafe extern "C" {
    // The linker's bounds of the program's read-only part: headers, constants, code.
    static __executable_start: u8;
    static etext: u8;
}

/// Environment of a program that shall be able to give its heap back: without the allocator's per-thread
/// caches, what was freed can be joined to whole pages (a monitor keeps 24 kB of heap instead of 92).
pub const LEAN_ALLOCATOR: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");

const PAGE: usize = 4096;

/// Stack kept below the caller: this function's own frame and those of the calls it makes.
const KEPT_STACK: usize = PAGE;

/// More than any stack of this program was ever deep.
const DEEPEST: usize = 1024 * PAGE;

/// Lets go of what was only needed to start: free heap, deep stack, code that was run once. What is
/// needed again is brought back by the kernel from the page cache, at the price of a minor fault.
///
/// For processes with one thread; another thread than the first lets go of no stack.
pub fn shrink() {
    // SAFETY: gives free memory of the heap back; no pointer in use is touched.
    unsafe { libc::malloc_trim(0) };
    if rustix::thread::gettid() == rustix::process::getpid() {
        release_stack();
    }
    release_code();
}

fn release_stack() {
    let here = 0_u8;
    let frame = std::ptr::from_ref(&here).addr();
    let end = (frame - KEPT_STACK) & !(PAGE - 1);
    let start = end.saturating_sub(DEEPEST);
    // SAFETY: this is the first thread, below whose stack the kernel keeps a gap of 128 MiB free of
    // other mappings. What lies below the current frame by more than this call needs is dead stack;
    // dropping it makes it read as zeroes. Parts that are not mapped are passed over.
    unsafe {
        libc::madvise(
            std::ptr::with_exposed_provenance_mut(start),
            end - start,
            libc::MADV_DONTNEED,
        )
    };
}

fn release_code() {
    let start = (&raw const __executable_start).addr();
    let end = (&raw const etext).addr() & !(PAGE - 1);
    // SAFETY: the range is the program's headers, constants and code, mapped from its file and never
    // written to; dropped pages are read from the file again.
    unsafe {
        libc::madvise(
            std::ptr::with_exposed_provenance_mut(start),
            end.saturating_sub(start),
            libc::MADV_DONTNEED,
        )
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_program_goes_on_after_shrinking() {
        let kept: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        super::release_code();
        super::shrink();
        assert_eq!(kept.iter().map(String::len).sum::<usize>(), 2890);
    }
}
