//! The control endpoint: what [`Control`](crate::Control) does, over HTTP below `/_sandbox`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::faults::Injection;
use crate::http::{Request, Response};
use crate::json::object;
use crate::limits::Counters;

/// Paths below this one steer the sandbox.
pub(crate) const PREFIX: &str = "/_sandbox";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    speed: Option<u32>,
    set: Option<Timestamp>,
    advance_s: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantWish {
    #[serde(default)]
    tenants: Vec<String>,
    #[serde(default)]
    scope: String,
}

/// Answers a call to the control endpoint.
pub(crate) fn answer(engine: &Engine, request: &Request) -> Response {
    let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let answered = match (request.method.as_str(), path) {
        ("GET", "" | "/") => Ok(summary(engine)),
        ("GET", "/counters") => Ok(json!(engine.state().limits.counters)),
        ("DELETE", "/counters") => {
            engine.state().limits.counters = Counters::default();
            Ok(json!({}))
        }
        ("POST", "/faults") => inject(engine, request),
        ("DELETE", "/faults") => {
            engine.state().faults.clear();
            Ok(json!({}))
        }
        ("POST", "/clock") => change_clock(engine, request),
        ("POST", "/switches") => set_switches(engine, request),
        ("POST", "/limits") => set_limits(engine, request),
        ("POST", "/grants") => grant(engine, request),
        ("POST", "/tokens/expire") => {
            let mut state = engine.state();
            let now = state.clock.now();
            state.oauth.expire_all(now);
            Ok(json!({}))
        }
        _ => return refused(404, format!("{PREFIX} has no {path}")),
    };
    match answered {
        Ok(value) => Response::value(200, &value),
        Err(why) => refused(400, why),
    }
}

fn refused(status: u16, why: String) -> Response {
    Response::json(status, object! { "error" => why }.to_bytes())
}

fn summary(engine: &Engine) -> Value {
    let state = engine.state();
    let tenants: Vec<_> = state
        .platform
        .tenants()
        .into_iter()
        .map(|tenant| json!({ "id": tenant.id, "name": tenant.name }))
        .collect();
    json!({
        "platform": state.platform.name(),
        "tenants": tenants,
        "client_id": state.oauth.app().id,
        "now": state.clock.now(),
        "speed": state.clock.speed(),
        "switches": state.platform.switches(),
    })
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|e| e.to_string())
}

fn inject(engine: &Engine, request: &Request) -> Result<Value, String> {
    let injection: Injection = read(request)?;
    if engine.state().faults.add(injection) { Ok(json!({})) } else { Err("too many faults wait".to_owned()) }
}

fn change_clock(engine: &Engine, request: &Request) -> Result<Value, String> {
    let change: ClockChange = read(request)?;
    let mut state = engine.state();
    if let Some(now) = change.set {
        state.clock.set(now);
    }
    if let Some(seconds) = change.advance_s {
        state.clock.advance(Duration::from_secs(seconds));
    }
    if let Some(speed) = change.speed {
        state.clock.set_speed(speed);
    }
    Ok(json!({ "now": state.clock.now(), "speed": state.clock.speed() }))
}

fn set_switches(engine: &Engine, request: &Request) -> Result<Value, String> {
    let switches: BTreeMap<String, bool> = read(request)?;
    let mut state = engine.state();
    for (name, on) in switches {
        if !state.platform.set_switch(&name, on) {
            return Err(format!("there is no switch {name}"));
        }
    }
    Ok(json!(state.platform.switches()))
}

fn set_limits(engine: &Engine, request: &Request) -> Result<Value, String> {
    let limits: BTreeMap<String, Option<u64>> = read(request)?;
    let mut state = engine.state();
    for (name, max) in limits {
        if !state.limits.set(&name, max) {
            return Err(format!("there is no limit {name}"));
        }
    }
    Ok(json!({}))
}

fn grant(engine: &Engine, request: &Request) -> Result<Value, String> {
    let wish: GrantWish = read(request)?;
    let issued = engine.grant(wish.tenants, &wish.scope);
    Ok(
        json!({ "access_token": issued.access, "refresh_token": issued.refresh, "expires_in": issued.expires_s }),
    )
}
