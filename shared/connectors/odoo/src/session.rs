//! A signed-in connection: which version speaks, through which interface, and what the books are like.

use std::sync::Arc;

use carry_connector::{Effect, Method, Request, Wire};
use carry_model::{Code, Fault, Kind};
use serde_json::{Value, json};

use crate::books::Books;
use crate::call::{Call, Interface, Settings, answer, request, rpc, rpc_answer};
use crate::value::{self, Fields};

/// The oldest and the newest version that is known to work.
const VERSION_MIN: u32 = 16;

/// From this version on there is the JSON-2 interface; the older ones are announced to end with 20.
const VERSION_JSON2: u32 = 19;

/// Records read in one call at most.
const PAGE: usize = 2_000;

/// An Odoo database as a target.
pub struct Odoo {
    wire: Arc<dyn Wire>,
    settings: Settings,
    interface: Interface,
    /// Major version: 19.
    pub(crate) version: u32,
    /// What holds for the whole connection.
    pub(crate) books: Books,
}

impl Odoo {
    /// Signs in and looks the books over. Reads only.
    pub async fn connect(settings: Settings, wire: Arc<dyn Wire>) -> Result<Self, Fault> {
        let version = version(&*wire).await?;
        if version < VERSION_MIN {
            return Err(Fault::new(Code::TargetUnsuitable)
                .detail(format!("It is Odoo {version}; versions from {VERSION_MIN} on are known.")));
        }
        let interface = if version >= VERSION_JSON2 {
            Interface::Json2
        } else {
            Interface::JsonRpc { user: sign_in(&*wire, &settings).await? }
        };
        let mut odoo = Self { wire, settings, interface, version, books: Books::default() };
        odoo.books = Books::read(&odoo).await?;
        Ok(odoo)
    }

    /// Sends a call and gives what the method returned.
    pub(crate) async fn call(&self, call: Call) -> Result<Value, Fault> {
        let request = request(&self.settings, self.interface, &call)?;
        let response = self.wire.call(request).await?;
        answer(self.interface, call.effect, &response)
    }

    /// The id of the company the settings name.
    pub(crate) fn company(&self) -> Option<i64> {
        self.settings.company
    }

    /// Records that match, ordered by id, all pages of them.
    pub(crate) async fn search(
        &self,
        label: &'static str,
        domain: Value,
        fields: &[&str],
    ) -> Result<Vec<Fields>, Fault> {
        let mut found = Vec::new();
        loop {
            let call = Call::read(label)
                .with("domain", domain.clone())
                .with("fields", json!(fields))
                .with("order", json!("id"))
                .with("offset", json!(found.len()))
                .with("limit", json!(PAGE));
            let page = value::records(self.call(call).await?)?;
            let last = page.len() < PAGE;
            found.extend(page);
            if last {
                return Ok(found);
            }
        }
    }

    /// The same, archived records included.
    pub(crate) async fn search_all(
        &self,
        label: &'static str,
        domain: Value,
        fields: &[&str],
    ) -> Result<Vec<Fields>, Fault> {
        let mut context = crate::call::context(self.company());
        if let Value::Object(flags) = &mut context {
            flags.insert("active_test".to_owned(), json!(false));
        }
        let call = Call::read(label)
            .with("domain", domain)
            .with("fields", json!(fields))
            .with("order", json!("id"))
            .with("context", context);
        value::records(self.call(call).await?)
    }

    /// True where the model is there and may be read.
    pub(crate) async fn has_model(&self, label: &'static str) -> Result<bool, Fault> {
        match self.call(Call::read(label).with("domain", json!([]))).await {
            Ok(_) => Ok(true),
            Err(fault) if matches!(fault.kind(), Kind::Rejected | Kind::Integrity | Kind::Config) => {
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }
}

fn major(version: &str) -> Option<u32> {
    let digits: String =
        version.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

async fn version(wire: &dyn Wire) -> Result<u32, Fault> {
    let unknown = || Fault::new(Code::ConfigInvalid).field("address").detail("No Odoo server answers there.");
    let plain = Request {
        method: Method::Get,
        path: "/web/version".to_owned(),
        headers: Vec::new(),
        body: None,
        effect: Effect::Read,
        label: "web/version",
    };
    let response = wire.call(plain).await?;
    if let Ok(said) = response.json::<Value>()
        && let Some(version) = said.get("version").and_then(Value::as_str).and_then(major)
    {
        return Ok(version);
    }
    let response = wire.call(rpc("common", "version", json!([]), Effect::Read, "common/version")?).await?;
    let said = rpc_answer(&response, Effect::Read).map_err(|fault| unknown().raw(fault.raw))?;
    said.get("server_version").and_then(Value::as_str).and_then(major).ok_or_else(unknown)
}

async fn sign_in(wire: &dyn Wire, settings: &Settings) -> Result<i64, Fault> {
    use secrecy::ExposeSecret;
    let args = json!([settings.database, settings.login, settings.api_key.expose_secret(), {}]);
    let response =
        wire.call(rpc("common", "authenticate", args, Effect::Read, "common/authenticate")?).await?;
    rpc_answer(&response, Effect::Read)?.as_i64().ok_or_else(|| Fault::new(Code::AuthRefused))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_of_all_editions_are_understood() {
        assert_eq!(major("19.0"), Some(19));
        assert_eq!(major("17.0+e"), Some(17));
        assert_eq!(major("saas~18.3"), Some(18));
        assert_eq!(major(""), None);
    }
}
