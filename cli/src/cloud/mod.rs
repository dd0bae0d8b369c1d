//! `carry --cloud`: the same commands for runs of a deployed stack. What is started here goes on there by itself;
//! this process only watches.

mod look;
mod place;
mod start;
mod watch;

use carry_model::{Code, Fault};
use carry_ports::RunKind;

use crate::args::{Command, Common};
use crate::cloud::place::Place;
use crate::commands::help;
use crate::exit::Exit;

/// Carries a command out.
pub(crate) async fn dispatch(stack: &str, common: &Common, command: Command) -> Result<Exit, Fault> {
    let place = Place::open(stack, common); // awaited by what works there
    match command {
        Command::Prepare(args) => start::prepare(&place.await?, &args).await,
        Command::Demo(args) => start::run(&place.await?, &args, RunKind::Demo).await,
        Command::Full(args) => start::run(&place.await?, &args, RunKind::Full).await,
        Command::Delta(args) => start::run(&place.await?, &args, RunKind::Delta).await,
        Command::Retry(args) => start::run(&place.await?, &args, RunKind::Retry).await,
        Command::Rollback(args) => start::rollback(&place.await?, &args).await,
        Command::Remigrate(args) => start::remigrate(&place.await?, &args).await,
        Command::Cancel(which) => look::cancel(&place.await?, &which).await,
        Command::Status(which) => look::status(&place.await?, &which).await,
        Command::Report(args) => look::report(&place.await?, &args).await,
        Command::Staged(args) => look::staged(&place.await?, &args).await,
        Command::Explain(args) => help::explain(common, &args),
        Command::Completion(args) => help::completion(&args),
        _ => Err(Fault::new(Code::ConfigInvalid)
            .detail("That command works on this machine only.")
            .hint(
                "Leave --cloud out, or choose one of prepare, demo, full, delta, retry, rollback, remigrate, cancel, \
                 status, report and staged.",
            )),
    }
}
