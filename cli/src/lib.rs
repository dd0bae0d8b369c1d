//! The binary `carry`: the same engine as the service, with nothing but a folder and a source and a target.
//!
//! Data goes to stdout, everything else to stderr; `--json` turns the data of every command into JSON. This crate
//! wires the adapters ([`carry_embedded`], [`carry_http`]) to the pipeline and shows what comes out; it decides
//! nothing about books. With the feature `cloud` it also starts, watches and reads runs in a deployed stack.

mod args;
#[cfg(feature = "cloud")]
mod cloud;
mod commands;
mod error;
mod exit;
mod journal;
mod output;
mod progress;
mod session;
mod stop;
mod summary;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::Cli;
use crate::exit::Exit;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Logs never hold customer data; CARRY_LOG=info shows more of them.
    let filter = EnvFilter::try_from_env("CARRY_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let json = cli.common.json;
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            let fault = carry_model::Fault::new(carry_model::Code::Bug).caused_by(error);
            return error::show(&fault, json).into();
        }
    };
    let exit = runtime.block_on(commands::dispatch(cli)).unwrap_or_else(|fault| error::show(&fault, json));
    // Work that was given up must not keep the process.
    runtime.shutdown_background();
    exit.into()
}

/// Threads that take up at once what one of them wakes. By default a task that another wakes waits for that one's
/// thread, though others have nothing to do; here each does milliseconds of work before it waits itself.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    #[cfg(tokio_unstable)]
    builder.disable_lifo_slot();
    builder.enable_all().build()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
