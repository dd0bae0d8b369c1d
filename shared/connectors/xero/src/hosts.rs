//! Where Xero is, how a person signs in to it, and which organisations a sign-in opens.

use carry_connector::oauth::{Endpoint, Provider, Revocation};
use carry_connector::{Effect, Method, Request, Wire};
use carry_model::Fault;
use serde::Deserialize;

use crate::{client, fault};

/// The Accounting API.
pub const API: &str = "https://api.xero.com";

const LOGIN: &str = "https://login.xero.com";
const IDENTITY: &str = "https://identity.xero.com";

/// What reading and writing books needs, each by its own name: applications registered since March 2026 get no broader
/// ones.
const SCOPE: &str = "offline_access accounting.invoices accounting.payments accounting.banktransactions \
    accounting.manualjournals accounting.settings accounting.contacts accounting.attachments \
    accounting.reports.trialbalance.read";

/// How to sign in for the API at `api`. Any other host than Xero's own is taken to do all of it.
pub fn provider(api: &str) -> Provider {
    let host = |own: &str| if api == API { own.to_owned() } else { api.to_owned() };
    Provider {
        system: "xero",
        authorize: Endpoint::new(host(LOGIN), "/identity/connect/authorize"),
        token: Endpoint::new(host(IDENTITY), "/connect/token"),
        revoke: Endpoint::new(host(IDENTITY), "/connect/revocation"),
        revocation: Revocation::Form,
        scope: SCOPE,
        proof_key: false,
        company_parameter: None,
    }
}

/// An organisation that a sign-in opens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tenant {
    /// What calls name it by.
    #[serde(rename = "tenantId")]
    pub id: String,
    /// What people call it.
    #[serde(rename = "tenantName", default)]
    pub name: String,
    #[serde(rename = "tenantType", default)]
    kind: String,
}

/// The organisations that the wire's sign-in opens.
pub async fn tenants(wire: &dyn Wire) -> Result<Vec<Tenant>, Fault> {
    let request = Request {
        method: Method::Get,
        path: "/connections".to_owned(),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: None,
        effect: Effect::Read,
        label: "connections",
    };
    let response = wire.call(request).await?;
    if !response.is_success() {
        return Err(fault::of_response(&response));
    }
    let tenants: Vec<Tenant> = client::parse(&response.body)?;
    Ok(tenants.into_iter().filter(|tenant| matches!(tenant.kind.as_str(), "ORGANISATION" | "")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_the_platform_or_to_the_one_host_named() {
        assert_eq!(provider(API).token.url(), "https://identity.xero.com/connect/token");
        let own = "http://127.0.0.1:8000";
        for endpoint in [provider(own).authorize, provider(own).token, provider(own).revoke] {
            assert_eq!(endpoint.base, own);
        }
    }
}
