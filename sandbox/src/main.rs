//! `carry-sandbox`: runs a simulated platform until it is interrupted.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use carry_sandbox::quickbooks::QuickBooks;
use carry_sandbox::xero::Xero;
use carry_sandbox::{Options, Region, Sandbox};
use clap::{Parser, ValueEnum};

/// When an empty company was founded, and a sample ends: always the same, so that a company file fits again.
const FOUNDED: &str = "2020-01-01T00:00:00Z";
const SAMPLED: &str = "2026-06-15T09:00:00Z";

#[derive(Parser)]
#[command(version, about = "Runs a server on this machine that behaves like an accounting platform.")]
enum Command {
    /// One QuickBooks Online company.
    Quickbooks(Wanted),
    /// One Xero organisation.
    Xero(Wanted),
}

#[derive(clap::Args)]
struct Wanted {
    /// Where the company is.
    #[arg(long, value_enum, default_value = "uk")]
    company: Company,
    /// Seeds ids, tokens and the sample.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// About how many invoices the company has, with all that goes with them; 0 for a company that has nothing but
    /// its chart of accounts, its tax rates and its lists.
    #[arg(long, default_value_t = 0)]
    invoices: usize,
    /// Port on the loopback address; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How many times as fast as the machine's clock the sandbox's runs.
    #[arg(long, default_value_t = 1)]
    speed: u32,
    /// A company file that is taken up and kept up to date; in memory only without one.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Does not enforce the platform's limits on calls.
    #[arg(long)]
    no_limits: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Company {
    Us,
    Uk,
    Au,
    Eu,
}

impl Company {
    fn region(self) -> Region {
        match self {
            Self::Us => Region::Us,
            Self::Uk => Region::Uk,
            Self::Au => Region::Au,
            Self::Eu => Region::Global,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (founded, sampled) = (FOUNDED.parse()?, SAMPLED.parse()?);
    let (wanted, options) = match Command::parse() {
        Command::Quickbooks(wanted) => {
            let region = wanted.company.region();
            let company = match wanted.invoices {
                0 => QuickBooks::empty(region, wanted.seed, founded),
                invoices => QuickBooks::sample(region, wanted.seed, invoices, sampled)?,
            };
            (wanted, Options::new(company))
        }
        Command::Xero(wanted) => {
            let region = wanted.company.region();
            let company = match wanted.invoices {
                0 => Xero::empty(region, wanted.seed, founded),
                invoices => Xero::sample(region, wanted.seed, invoices, sampled)?,
            };
            (wanted, Options::new(company))
        }
    };
    let sandbox = Sandbox::start(Options {
        port: wanted.port,
        seed: wanted.seed,
        speed: wanted.speed,
        limits: !wanted.no_limits,
        file: wanted.file,
        ..options
    })
    .await?;
    let app = sandbox.control.app();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", sandbox.base_url)?;
    for tenant in sandbox.control.tenants() {
        writeln!(out, "tenant {} {}", tenant.id, tenant.name)?;
    }
    writeln!(out, "client id {}\nclient secret {}", app.id, app.secret)?;
    out.flush()?;
    drop(out);
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
