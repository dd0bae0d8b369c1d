//! Where QuickBooks is, and how a person signs in to it.

use carry_connector::oauth::{Endpoint, Provider, Revocation};

/// The Accounting API of real companies.
pub const API: &str = "https://quickbooks.api.intuit.com";
/// The Accounting API of a developer's test companies.
pub const API_TEST: &str = "https://sandbox-quickbooks.api.intuit.com";

const LOGIN: &str = "https://appcenter.intuit.com";
const TOKENS: &str = "https://oauth.platform.intuit.com";
const REVOKE: &str = "https://developer.api.intuit.com";

/// How to sign in for the API at `api`. Intuit's own APIs share one login; any other host is taken to do all of it.
pub fn provider(api: &str) -> Provider {
    let intuit = [API, API_TEST].contains(&api);
    let host = |own: &str| if intuit { own.to_owned() } else { api.to_owned() };
    Provider {
        system: "quickbooks",
        authorize: Endpoint::new(host(LOGIN), "/connect/oauth2"),
        token: Endpoint::new(host(TOKENS), "/oauth2/v1/tokens/bearer"),
        revoke: Endpoint::new(host(REVOKE), "/v2/oauth2/tokens/revoke"),
        revocation: Revocation::Json,
        scope: "com.intuit.quickbooks.accounting",
        proof_key: false,
        company_parameter: Some("realmId"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_the_platform_or_to_the_one_host_named() {
        assert_eq!(
            provider(API_TEST).token.url(),
            "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
        );
        let own = "http://127.0.0.1:8000";
        for endpoint in [provider(own).authorize, provider(own).token, provider(own).revoke] {
            assert_eq!(endpoint.base, own);
        }
    }
}
