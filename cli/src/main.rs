//! The binary `carry`.

/// Records are many small strings; this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    keep_pages_small();
    carry_cli::main()
}

/// With huge pages the allocator holds on to a third more memory than is in use, and nothing gets faster.
#[cfg(target_os = "linux")]
fn keep_pages_small() {
    // A kernel that does not know the wish goes on as it did.
    rustix::thread::disable_transparent_huge_pages(true).ok();
}

#[cfg(not(target_os = "linux"))]
const fn keep_pages_small() {}
