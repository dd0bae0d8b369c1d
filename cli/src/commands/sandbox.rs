//! sandbox: a simulated platform on this machine, to connect to like the real one.

use carry_connectors::platform;
use carry_model::{Code, Fault};
use carry_sandbox::{Handle, Serve};
use serde_json::json;

use crate::args::Common;
use crate::exit::Exit;
use crate::output;
use crate::stop;

/// Serves until it is interrupted.
pub(crate) async fn run(common: &Common, args: &Serve) -> Result<Exit, Fault> {
    let sandbox = args.start().await.map_err(|e| {
        Fault::new(Code::ConfigInvalid)
            .detail("The simulated platform did not start.")
            .hint("Choose another --port or --db; a company file goes with the options it was begun with.")
            .caused_by(e)
    })?;
    show(common, args, &sandbox)?;
    stop::asked().await;
    sandbox.stop().await;
    Ok(Exit::Finished)
}

fn show(common: &Common, args: &Serve, sandbox: &Handle) -> Result<(), Fault> {
    let system = args.platform.name();
    let platform = platform(system).ok_or_else(|| Fault::new(Code::Bug).detail(system))?;
    let api = &sandbox.base_url;
    let app = sandbox.control.app();
    let companies = sandbox.control.tenants();
    let connections = companies.iter().map(|company| platform.connection(api, &company.id));
    let [id, secret] = platform.variables();
    if common.json {
        let companies = companies.iter().zip(connections);
        let companies: Vec<_> = companies
            .map(|(company, text)| json!({"id": company.id, "name": company.name, "connection": text}))
            .collect();
        return output::json(&json!({
            "platform": system,
            "api": api,
            "companies": companies,
            "variables": {id: app.id, secret: app.secret},
        }));
    }
    output::line(&format!("A simulated {} at {api}, until Ctrl-C.", platform.manifest.title))?;
    for (company, connection) in companies.iter().zip(connections) {
        output::line(&format!("  {connection}  {}", company.name))?;
    }
    output::line("Sign in from another terminal, then use it with --from or --to:")?;
    output::line(&format!("  export {id}={} {secret}={}", app.id, app.secret))?;
    output::line(&format!("  carry connect {system} --api {api}"))
}
