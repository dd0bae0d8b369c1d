//! Both connectors through the suites that every connector must pass.
#![allow(clippy::unwrap_used, reason = "tests")]

use carry_connector::Limits;
use carry_platforms::link;
use carry_sandbox::xero::{Region, Xero};
use carry_sandbox::{Options, Sandbox};

#[tokio::test(start_paused = true)]
async fn xero_as_a_target() {
    for region in [Region::Uk, Region::Au, Region::Us, Region::Global] {
        let now = "2026-06-30T12:00:00Z".parse().unwrap();
        let control =
            Sandbox::in_process(Options { limits: false, ..Options::new(Xero::empty(region, 7, now)) })
                .unwrap();
        let (wire, _) = link(&control, carry_xero::provider("http://127.0.0.1"), &Limits::default()).await;
        let tenants = carry_xero::tenants(&*wire).await.unwrap();
        carry_conformance::writer(&carry_xero::Xero::new(&tenants[0].id, wire)).await;
    }
}
