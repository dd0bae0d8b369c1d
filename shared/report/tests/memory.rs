//! Long lists pass through; they are not held. In a process of its own, because it reads the process's peak.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod sample;

use carry_report::Files;
use sample::stream::Stream;

/// Peak resident memory of this process in KiB; None where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn memory_does_not_grow_with_the_lists() {
    let (run, _) = sample::clean();
    // Held in memory, these rejects alone would take more than 60 MiB.
    let rows = Stream { rejects_more: 60_000, ..Stream::of(2_000) };
    Files::write(&run, &rows, |_| Ok(std::io::sink())).unwrap();
    match peak_kib() {
        Some(peak) => assert!(peak < 32 * 1024, "peak was {peak} KiB"),
        None => println!("skipped: this system does not tell the peak of a process's memory"),
    }
}
