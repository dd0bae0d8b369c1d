//! What a sandbox is told on a command line: the same for `carry-sandbox` and for whoever else starts one.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::quickbooks::QuickBooks;
use crate::region::Region;
use crate::sample::{Refused, currencies};
use crate::sandbox::{Handle, Options, Sandbox, StartError};
use crate::xero::Xero;

/// When an empty company was founded, and a sample ends: always the same, so that a company file fits again.
const FOUNDED: Timestamp = Timestamp::constant(1_577_836_800, 0);
const SAMPLED: Timestamp = Timestamp::constant(1_781_514_000, 0);

/// A platform that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Simulated {
    /// QuickBooks Online
    Quickbooks,
    /// Xero
    Xero,
}

impl Simulated {
    /// Its stable name: `quickbooks`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quickbooks => "quickbooks",
            Self::Xero => "xero",
        }
    }

    /// A company of about so many invoices with all that goes with them; of 0, one that has nothing but its chart of
    /// accounts, its tax rates, its lists, and the currencies that a sample of the region deals in.
    ///
    /// # Errors
    /// The sandbox refuses a part of the sample: one of the two is wrong.
    pub fn company(self, region: Region, seed: u64, invoices: usize) -> Result<Options, Refused> {
        let foreign = currencies(region).1;
        Ok(match (self, invoices) {
            (Self::Quickbooks, 0) => {
                Options::new(QuickBooks::empty(region, seed, FOUNDED).dealing_in(foreign)?)
            }
            (Self::Quickbooks, _) => Options::new(QuickBooks::sample(region, seed, invoices, SAMPLED)?),
            (Self::Xero, 0) => Options::new(Xero::empty(region, seed, FOUNDED).dealing_in(foreign)?),
            (Self::Xero, _) => Options::new(Xero::sample(region, seed, invoices, SAMPLED)?),
        })
    }
}

/// A server that is asked for.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// The platform
    #[arg(value_enum)]
    pub platform: Simulated,
    /// Where the company is
    #[arg(long, value_enum, default_value = "uk")]
    pub region: Region,
    /// Seeds ids, tokens and the sample
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    pub seed: u64,
    /// About how many invoices the company has, with all that goes with them; 0 for a company that has nothing but its
    /// chart of accounts, its tax rates and its lists
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub invoices: usize,
    /// Port on the loopback address; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// How many times as fast as the machine's clock the sandbox's runs
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    pub speed: u32,
    /// A company file (SQLite) that is taken up and kept up to date; in memory only without one
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Do not enforce the platform's limits on calls
    #[arg(long)]
    pub no_limits: bool,
}

/// Why a server that was asked for did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The sample could not be entered.
    #[error(transparent)]
    Sample(#[from] Refused),
    /// The port or the company file could not be had.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Serve {
    /// Starts it.
    ///
    /// # Errors
    /// The sample, the port or the company file could not be had.
    pub async fn start(&self) -> Result<Handle, ServeError> {
        let options = Options {
            port: self.port,
            seed: self.seed,
            speed: self.speed,
            limits: !self.no_limits,
            file: self.db.clone(),
            ..self.platform.company(self.region, self.seed, self.invoices)?
        };
        Ok(Sandbox::start(options).await?)
    }
}
