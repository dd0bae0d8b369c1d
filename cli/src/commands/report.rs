//! report: the files of a run's report, written again from what is staged.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use carry_model::Fault;
use carry_ports::Run;

use crate::args::{Common, Report};
use crate::exit::Exit;
use crate::output;
use crate::session::Session;
use crate::summary::{Written, report_folder, write_report};

/// Writes the report and names its files.
pub(crate) async fn run(common: &Common, args: &Report) -> Result<Exit, Fault> {
    let session = Session::to_read(&common.state)?;
    let migration = session.one_migration(&args.which).await?;
    let run = session.run(&migration, args.run.as_deref(), has_report).await?;
    let folder = args.output.clone().unwrap_or_else(|| report_folder(&session.folder, &run));
    let written = write_report(&session.offline_engine(common), &run, &folder).await?;
    show(common, args, &written)
}

/// Names the files of a report, and opens its page where that is asked for.
pub(crate) fn show(common: &Common, args: &Report, written: &Written) -> Result<Exit, Fault> {
    if common.json {
        output::json(written)?;
    } else {
        output::line(&written.sentence)?;
        for name in &written.files {
            output::line(&written.folder.join(name).display().to_string())?;
        }
    }
    if args.open {
        open(&written.html);
    }
    Ok(Exit::Finished)
}

pub(crate) fn has_report(run: &Run) -> bool {
    run.state.has_finished()
}

/// Opens a page in the browser, as far as the system has a way to.
pub(crate) fn open(page: &Path) {
    if !start_browser(page.as_os_str()) {
        output::note(&format!("No browser could be started; open {} by hand.", page.display()));
    }
}

/// Shows a file or an address in the browser; false where none could be started.
pub(crate) fn start_browser(page: &OsStr) -> bool {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut explorer = Command::new("cmd");
        explorer.args(["/C", "start", ""]);
        explorer
    } else {
        Command::new("xdg-open")
    };
    command.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
