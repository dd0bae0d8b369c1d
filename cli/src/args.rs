//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use carry_model::{Code, Entity};
use carry_sandbox::{Region, Serve, Simulated};

const EXIT_CODES: &str = "\
Exit codes:
  0    finished, nothing to look at
  1    finished with issues: records left out or failed, or figures differ
  2    something must be put right first: command line, settings, mapping, credentials
  3    paused or interrupted: the same command given again goes on
  4    failed
  130  ended at once by a second Ctrl-C; the same command given again goes on

Data goes to stdout, everything else to stderr.";

/// Moves a business's books from one accounting system to another: what each customer owed before, they owe after,
/// to the cent.
#[derive(Debug, Parser)]
#[command(name = "carry", bin_name = "carry", version, after_long_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Folder that keeps the state of migrations: staged batches, the link journal, reports
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "./carryforward",
        help_heading = "Common options"
    )]
    pub(crate) state: PathBuf,
    /// Print JSON on stdout
    #[arg(long, global = true, help_heading = "Common options")]
    pub(crate) json: bool,
    /// Show no progress
    #[arg(long, short, global = true, help_heading = "Common options")]
    pub(crate) quiet: bool,
    /// Work in the cloud: name of the deployed stack. Account and region are those of AWS_PROFILE and AWS_REGION
    #[arg(long, global = true, value_name = "STACK", help_heading = "In the cloud")]
    pub(crate) cloud: Option<String>,
    /// Whose migration it is, in the cloud
    #[arg(long, global = true, value_name = "ID", help_heading = "In the cloud")]
    pub(crate) customer: Option<String>,
}

/// The commands, in the order in which a migration goes.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Migrate the sample books into databases of their own, or a sample company between simulated platforms, to see
    /// what comes out
    Try(Try),
    /// Run a simulated platform on this machine until it is interrupted
    Sandbox(Serve),
    /// Sign in to QuickBooks Online or Xero in the browser
    Connect(Connect),
    /// Sign out again: the platform takes its tokens back, and they are deleted here
    Disconnect(Disconnect),
    /// Recognise and count what a folder or database holds
    Sources(Sources),
    /// Say what a run would do and what stands in its way; write nothing
    Plan(Plan),
    /// Suggest a mapping of accounts, tax rates and payment methods, or check an edited one
    Map(Map),
    /// With --cloud: set a migration up and start nothing; prints its id
    Prepare(Run),
    /// Migrate a sample: some records of each document type and all they refer to
    Demo(Run),
    /// Migrate everything
    Full(Run),
    /// Migrate what was created or changed since the last full run
    Delta(Run),
    /// Migrate again only what was skipped or failed
    Retry(Run),
    /// Remove what was migrated from the target, as far as it lets us
    Rollback(Rollback),
    /// Remove what was migrated and migrate it anew
    Remigrate(Remigrate),
    /// End a paused run for good
    Cancel(Which),
    /// List migrations and their runs
    Status(Which),
    /// Write the report of a run and name its files
    Report(Report),
    /// Write the crosswalk, or the books as a plain-text journal
    #[command(subcommand)]
    Export(Export),
    /// List staged batches, or show what they hold
    Staged(Staged),
    /// Explain an error code
    Explain(Explain),
    /// Write a completion script for a shell
    Completion(Completion),
    /// Plan, extract and transform only, to measure them
    #[command(hide = true)]
    Stage(Stage),
}

/// Which migration; needed only where there are several.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Which {
    /// Id of the migration
    #[arg(long, value_name = "ID")]
    pub(crate) migration: Option<String>,
    /// Source of the migration
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) from: Option<String>,
    /// Target of the migration
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) to: Option<String>,
}

/// A source.
#[derive(Clone, Debug, Args)]
pub(crate) struct From {
    /// Source: a folder of exports, a SQLite file, sqlite:FILE, gnucash:FILE, postgres://..., mysql://...,
    /// quickbooks:COMPANY, xero:TENANT
    #[arg(long = "from", value_name = "CONNECTION")]
    pub(crate) spec: String,
    #[command(flatten)]
    pub(crate) more: SourceOptions,
}

/// What may be said about a source.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SourceOptions {
    /// A setting of the source, such as company="Larkspur LLC", home_currency=USD, date_order=dmy, decimal=comma,
    /// encoding=windows-1250; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
    /// File with one query per entity, for a database whose tables are not known
    #[arg(long, value_name = "FILE")]
    pub(crate) queries: Option<PathBuf>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// How a run is to be done.
#[derive(Clone, Debug, Args)]
pub(crate) struct How {
    /// Mapping of accounts, tax rates and payment methods, as `carry map` writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// How much of the source's detail is carried
    #[arg(long, value_enum, default_value_t)]
    pub(crate) mode: Mode,
    /// Records of each document type in a demo
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) sample: usize,
    /// Let the target number documents
    #[arg(long)]
    pub(crate) no_numbers: bool,
    /// Batches worked on at once; as many as there are processors by default
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) workers: Option<usize>,
}

/// How much detail is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Lines, taxes and payments, falling back per document where the figures would not come out exact
    #[default]
    Detailed,
    /// Every document as one line of its total, every balance by one settlement
    HighLevel,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) from: From,
    /// Target: a SQLite file (made where there is none), postgres://..., odoo+https://HOST/DATABASE,
    /// quickbooks:COMPANY, xero:TENANT
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) run: Run,
}

#[derive(Debug, Args)]
pub(crate) struct Try {
    /// Folder that holds the sample books: quickbooks/, xero/ and gnucash/
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    pub(crate) samples: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) simulated: TrySimulated,
    /// Folder to work in; what an earlier try left there is replaced
    #[arg(long, value_name = "DIR", default_value = "./carryforward-try")]
    pub(crate) into: PathBuf,
    /// Open the reports in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

/// A try between simulated platforms.
#[derive(Debug, Args)]
#[command(next_help_heading = "Between simulated platforms")]
pub(crate) struct TrySimulated {
    /// Migrate a sample company of this platform, simulated on this machine, instead of the sample books
    #[arg(long, value_enum, value_name = "PLATFORM", requires = "to")]
    pub(crate) from: Option<Simulated>,
    /// The platform, simulated too, in which an empty company takes it up
    #[arg(long, value_enum, value_name = "PLATFORM", requires = "from")]
    pub(crate) to: Option<Simulated>,
    /// Where the two companies are
    #[arg(long, value_enum, default_value = "uk", requires = "from")]
    pub(crate) region: Region,
    /// Draws the sample company: the same one each time
    #[arg(long, value_name = "NUMBER", default_value_t = 7, requires = "from")]
    pub(crate) seed: u64,
    /// About how many invoices it has, with all that goes with them
    #[arg(long, value_name = "NUMBER", default_value_t = 150, requires = "from")]
    pub(crate) invoices: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The platform: quickbooks or xero
    pub(crate) platform: String,
    /// Port of this machine that the browser comes back to; the redirect address registered with the platform
    /// is then http://localhost:PORT/callback
    #[arg(long, default_value_t = 8912)]
    pub(crate) port: u16,
    /// Another address of the API, such as that of a sandbox
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<String>,
    /// Only print the address to open
    #[arg(long)]
    pub(crate) no_browser: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Disconnect {
    /// The connection, as `carry connect` named it: quickbooks:COMPANY, xero:TENANT
    pub(crate) connection: String,
}

#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Folder, file or database address
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) more: SourceOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Map {
    #[command(flatten)]
    pub(crate) from: From,
    /// Target
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) to: String,
    /// Where the suggested mapping is written; `-` for stdout
    #[arg(long, short, value_name = "FILE", default_value = "mapping.toml")]
    pub(crate) output: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Check this mapping against source and target instead of suggesting one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "force"])]
    pub(crate) check: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

/// What a rollback is to remove.
#[derive(Clone, Debug, Args)]
pub(crate) struct Choice {
    /// Entities to remove, such as invoice,payment
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "all")]
    pub(crate) entities: Vec<Entity>,
    /// Remove everything that can be removed
    #[arg(long)]
    pub(crate) all: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Remigrate {
    #[command(flatten)]
    pub(crate) run: Run,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Id of the run, or its beginning; the last one with a report by default
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,
    /// Folder to write into
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Source id and number to target id and number of everything carried, as CSV
    Crosswalk(Exported),
    /// What was carried as a plain-text double-entry journal
    Ledger {
        #[command(flatten)]
        exported: Exported,
        /// Whose dialect is written
        #[arg(long, value_enum, default_value_t)]
        format: LedgerFormat,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Exported {
    #[command(flatten)]
    pub(crate) which: Which,
    /// File to write; stdout by default
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Plain-text accounting tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LedgerFormat {
    /// hledger
    #[default]
    Hledger,
    /// Beancount
    Beancount,
}

#[derive(Debug, Args)]
pub(crate) struct Staged {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Id of the run, or its beginning; the last one by default
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,
    /// Key of a batch to show, as the list names it
    pub(crate) batch: Option<String>,
    /// Show the staged records of an entity
    #[arg(long, value_name = "NAME", conflicts_with = "batch")]
    pub(crate) entity: Option<Entity>,
    /// Show the rows that were refused
    #[arg(long, conflicts_with_all = ["batch", "entity"])]
    pub(crate) rejects: bool,
    /// Most rows to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code, such as CF2001; without one, every code is listed
    pub(crate) code: Option<Code>,
}

#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Stage {
    #[command(flatten)]
    pub(crate) from: From,
    #[command(flatten)]
    pub(crate) how: How,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
