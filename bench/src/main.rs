//! `carry-bench`: books of any size to measure with.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// As `carry` has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(version, about = "Books of any size to measure with")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a folder of books in the format QuickBooks Online exports, and print what it holds as JSON.
    Generate {
        /// How many invoices; there are three times as many lines and a fifth as many customers.
        #[arg(long, default_value_t = 100_000)]
        invoices: u64,
        /// The folder to write to; created where it is missing.
        #[arg(long)]
        out: PathBuf,
        /// The same seed and size give the same bytes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Migrate a sample company from a simulated QuickBooks to a simulated Xero inside their limits, on a clock that
    /// waiting moves, and print calls, pace and time as JSON.
    Platforms {
        /// About how many invoices the company has, with all that goes with them.
        #[arg(long, default_value_t = 10_000)]
        invoices: usize,
        /// From Xero to QuickBooks instead.
        #[arg(long)]
        from_xero: bool,
    },
}

fn shown(value: impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(&value).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let shown = match Arguments::parse().command {
        Command::Generate { invoices, out, seed } => {
            carry_bench::generate(&out, invoices, seed).map_err(|error| error.to_string()).and_then(shown)
        }
        Command::Platforms { invoices, from_xero } => {
            carry_bench::platforms::measure(from_xero, invoices).map_err(|e| format!("{e:?}")).and_then(shown)
        }
    };
    let shown =
        shown.and_then(|text| writeln!(std::io::stdout(), "{text}").map_err(|error| error.to_string()));
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Standard error may be closed; the exit code still tells.
            let _ = writeln!(std::io::stderr(), "carry-bench: {message}");
            ExitCode::FAILURE
        }
    }
}
