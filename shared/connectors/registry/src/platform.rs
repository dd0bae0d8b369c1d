//! Platforms that people sign in to with their browser.

use std::sync::Arc;

use carry_connector::oauth::{App, Provider};
use carry_connector::{Manifest, Reader, Wire, Writer};
use carry_model::{Code, Fault};
use carry_quickbooks::QuickBooks;
use carry_xero::Xero;
use secrecy::ExposeSecret;

use crate::open::Access;

/// A platform.
pub struct Platform {
    /// What it can do; its name is what connection texts begin with.
    pub manifest: &'static Manifest,
    /// Where its API is.
    pub api: &'static str,
    /// How to sign in for an API.
    pub provider: fn(&str) -> Provider,
    /// Begins the names of the variables that hold the application's id and secret.
    variables: &'static str,
}

/// Every platform.
pub static PLATFORMS: [Platform; 2] = [
    Platform {
        manifest: &carry_quickbooks::MANIFEST,
        api: carry_quickbooks::API,
        provider: carry_quickbooks::provider,
        variables: "QUICKBOOKS",
    },
    Platform {
        manifest: &carry_xero::MANIFEST,
        api: carry_xero::API,
        provider: carry_xero::provider,
        variables: "XERO",
    },
];

/// The platform of that name.
pub fn platform(name: &str) -> Option<&'static Platform> {
    PLATFORMS.iter().find(|platform| platform.manifest.system == name)
}

/// The application, from the variables `<PLATFORM>_CLIENT_ID` and `<PLATFORM>_CLIENT_SECRET`.
pub fn app(platform: &Platform, access: &dyn Access) -> Result<App, Fault> {
    let [id_name, secret_name] = platform.variables();
    let id = access.secret(&id_name).ok_or_else(|| {
        Fault::new(Code::AuthRefused)
            .detail(format!("The variable {id_name} is not set."))
            .hint("Register an application with the platform and put its id and secret into that variable and its sister.")
    })?;
    Ok(App { id: id.expose_secret().to_owned(), secret: access.secret(&secret_name) })
}

/// Under which name a sign-in is kept. Where one sign-in opens all of a person's companies, they share it.
pub fn grant_name(platform: &Platform, api: &str, company: &str) -> String {
    let system = platform.manifest.system;
    let host = if api == platform.api { String::new() } else { format!("+{api}") };
    match (platform.provider)(api).company_parameter {
        Some(_) => format!("{system}{host}:{company}"),
        None => format!("{system}{host}"),
    }
}

/// The companies that a sign-in opens, with their names; None where consent was for the one that the callback named.
pub async fn companies(platform: &Platform, wire: &dyn Wire) -> Result<Option<Vec<(String, String)>>, Fault> {
    if (platform.provider)(platform.api).company_parameter.is_some() {
        return Ok(None);
    }
    let tenants = carry_xero::tenants(wire).await?;
    Ok(Some(tenants.into_iter().map(|tenant| (tenant.id, tenant.name)).collect()))
}

impl Platform {
    /// The names of the variables that hold the application's id and secret.
    pub fn variables(&self) -> [String; 2] {
        ["ID", "SECRET"].map(|what| format!("{}_CLIENT_{what}", self.variables))
    }

    /// The connection as it is written, stored and shown.
    pub fn connection(&self, api: &str, company: &str) -> String {
        let system = self.manifest.system;
        if api == self.api { format!("{system}:{company}") } else { format!("{system}+{api}/{company}") }
    }

    fn wire(&self, api: &str, company: &str, access: &dyn Access) -> Result<Arc<dyn Wire>, Fault> {
        let grant = grant_name(self, api, company);
        access.signed_in(api, company, &self.manifest.limits, (self.provider)(api), app(self, access)?, grant)
    }

    pub(crate) async fn reader(
        &self,
        api: &str,
        company: &str,
        access: &dyn Access,
    ) -> Result<Arc<dyn Reader>, Fault> {
        let wire = self.wire(api, company, access)?;
        Ok(match self.manifest.system {
            "xero" => Arc::new(Xero::new(company, wire)),
            _ => Arc::new(QuickBooks::connect(company, wire).await?),
        })
    }

    pub(crate) async fn writer(
        &self,
        api: &str,
        company: &str,
        access: &dyn Access,
    ) -> Result<Arc<dyn Writer>, Fault> {
        let wire = self.wire(api, company, access)?;
        Ok(match self.manifest.system {
            "xero" => Arc::new(Xero::new(company, wire)),
            _ => Arc::new(QuickBooks::connect(company, wire).await?),
        })
    }
}
