//! One module per command; each ends in an exit code or a fault.

pub(crate) mod books;
mod connect;
mod export;
pub(crate) mod help;
mod map;
mod plan;
pub(crate) mod report;
pub(crate) mod rollback;
pub(crate) mod run;
mod sandbox;
mod simulated;
mod sources;
pub(crate) mod staged;
pub(crate) mod status;
mod trial;

use carry_model::{Code, Fault};
use carry_ports::RunKind;

use crate::args::{Cli, Command};
use crate::exit::Exit;

/// Carries a command out.
pub(crate) async fn dispatch(cli: Cli) -> Result<Exit, Fault> {
    let Cli { common, command } = cli;
    if let Some(stack) = &common.cloud {
        return cloud(stack, &common, command).await;
    }
    match command {
        Command::Try(args) => trial::run(&common, &args).await,
        Command::Sandbox(args) => sandbox::run(&common, &args).await,
        Command::Connect(args) => connect::run(&common, &args).await,
        Command::Disconnect(args) => connect::end(&common, &args).await,
        Command::Sources(args) => sources::run(&common, &args).await,
        Command::Plan(args) => plan::run(&common, &args).await,
        Command::Map(args) => map::run(&common, &args).await,
        Command::Prepare(_) => Err(Fault::new(Code::ConfigInvalid)
            .detail("`carry prepare` works in the cloud only.")
            .hint("Name the stack with --cloud; on this machine `carry plan` says what a run would do.")),
        Command::Demo(args) => run::run(&common, &args, RunKind::Demo).await,
        Command::Full(args) => run::run(&common, &args, RunKind::Full).await,
        Command::Delta(args) => run::run(&common, &args, RunKind::Delta).await,
        Command::Retry(args) => run::run(&common, &args, RunKind::Retry).await,
        Command::Rollback(args) => rollback::run(&common, &args).await,
        Command::Remigrate(args) => rollback::remigrate(&common, &args).await,
        Command::Cancel(which) => status::cancel(&common, &which).await,
        Command::Status(which) => status::run(&common, &which).await,
        Command::Report(args) => report::run(&common, &args).await,
        Command::Export(args) => export::run(&common, &args).await,
        Command::Staged(args) => staged::run(&common, &args).await,
        Command::Explain(args) => help::explain(&common, &args),
        Command::Completion(args) => help::completion(&args),
        Command::Stage(args) => run::stage(&common, &args).await,
    }
}

#[cfg(feature = "cloud")]
async fn cloud(stack: &str, common: &crate::args::Common, command: Command) -> Result<Exit, Fault> {
    crate::cloud::dispatch(stack, common, command).await
}

#[cfg(not(feature = "cloud"))]
async fn cloud(_: &str, _: &crate::args::Common, _: Command) -> Result<Exit, Fault> {
    Err(Fault::new(Code::ConfigInvalid)
        .detail("This `carry` was built without the cloud.")
        .hint("Build one with it: `cargo build --release -p carry-cli --features cloud`."))
}
