//! One module per command; each ends in an exit code or a fault.

mod books;
mod connect;
mod export;
mod help;
mod map;
mod plan;
mod report;
mod rollback;
mod run;
mod sources;
mod staged;
mod status;
mod trial;

use carry_model::Fault;
use carry_ports::RunKind;

use crate::args::{Cli, Command};
use crate::exit::Exit;

/// Carries a command out.
pub(crate) async fn dispatch(cli: Cli) -> Result<Exit, Fault> {
    let Cli { common, command } = cli;
    match command {
        Command::Try(args) => trial::run(&common, &args).await,
        Command::Connect(args) => connect::run(&common, &args).await,
        Command::Disconnect(args) => connect::end(&common, &args).await,
        Command::Sources(args) => sources::run(&common, &args).await,
        Command::Plan(args) => plan::run(&common, &args).await,
        Command::Map(args) => map::run(&common, &args).await,
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
