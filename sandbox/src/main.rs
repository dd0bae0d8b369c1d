//! `carry-sandbox`: runs a simulated platform until it is interrupted.

use std::error::Error;
use std::io::Write;

use carry_sandbox::Serve;
use clap::Parser;

/// Runs a server on this machine that behaves like an accounting platform.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(flatten)]
    serve: Serve,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Command::parse().serve.start().await?;
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
