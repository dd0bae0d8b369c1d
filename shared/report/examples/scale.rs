//! Renders a report with long lists into nothing and says what it took:
//! `cargo run --release -p carry-report --example scale -- 1000000`.

#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use carry_report::Files;

#[path = "../tests/sample/mod.rs"]
mod sample;

/// Counts what is written.
struct Sink(Arc<AtomicUsize>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let (run, _) = sample::clean();
    let start = Instant::now();
    let written = Arc::new(AtomicUsize::new(0));
    let rows_source = sample::stream::Stream::of(rows);
    Files::write(&run, &rows_source, |_| Ok(Sink(written.clone())))?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: not known");
    println!(
        "{rows} rows in each of 6 lists: {:?}, {} bytes written, {peak}",
        start.elapsed(),
        written.load(Ordering::Relaxed)
    );
    Ok(())
}
