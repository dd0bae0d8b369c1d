//! connect: signs in to a platform in the browser and keeps the tokens; disconnect: ends that.

use std::time::Duration;

use carry_connector::oauth::{Callback, Grant, random_text};
use carry_connectors::{Access, Platform, app, companies, company_of, grant_name, platform};
use carry_http::HttpTransport;
use carry_model::{Code, Fault};
use carry_ports::{Clock, SystemClock, Tokens, Transport};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::args::{Common, Connect, Disconnect};
use crate::commands::report::start_browser;
use crate::exit::Exit;
use crate::output;
use crate::session::Outside;

/// How long the browser may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// A browser's request line and headers are shorter than this.
const HEAD_BYTES_MAX: usize = 32 * 1024;
const PATH: &str = "/callback";

/// Opens the consent page, waits for the browser to come back, and keeps what was granted.
pub(crate) async fn run(common: &Common, args: &Connect) -> Result<Exit, Fault> {
    let platform = named(&args.platform)?;
    let api = args.api.as_deref().unwrap_or(platform.api).trim_end_matches('/').to_owned();
    let outside = Outside::new(&common.state);
    let app = app(platform, &outside)?;
    let provider = (platform.provider)(&api);
    let token_host = HttpTransport::new(&provider.token.base)?;

    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(|e| {
        Fault::new(Code::ConfigInvalid)
            .field("port")
            .detail(format!("Port {} cannot be listened on.", args.port))
            .caused_by(e)
    })?;
    let port = listener.local_addr().map_or(args.port, |address| address.port());
    let redirect = format!("http://localhost:{port}{PATH}");
    let (state, verifier) = (secret_text()?, secret_text()?);
    let url = provider.authorization(&app, &redirect, &state, &verifier);
    output::note(&format!("Sign in to {} here:\n{url}", platform.manifest.title));
    if !args.no_browser && !start_browser(url.as_ref()) {
        output::note("No browser could be started; open the address by hand.");
    }
    let wait = come_back(&listener, |query| provider.callback(query, &state));
    let callback = tokio::time::timeout(PATIENCE, wait).await.map_err(|_| {
        Fault::new(Code::AuthRefused).detail("Nobody signed in within ten minutes.").hint("Connect again.")
    })??;

    let exchange = provider.exchange(&app, &callback.code, &redirect, &verifier);
    let response = token_host.send(&exchange).await?;
    let grant = Grant::decode(&response, SystemClock.now(), None)?;
    let company = callback.company.as_deref().unwrap_or_default();
    let name = grant_name(platform, &api, company);
    outside.tokens().store(&name, &grant).await?;
    let wire = outside.signed_in(&api, company, &platform.manifest.limits, provider, app, name)?;
    let opened = match companies(platform, wire.as_ref()).await? {
        Some(companies) => companies,
        None => callback.company.into_iter().map(|company| (company, String::new())).collect(),
    };
    show(common, platform, &api, &opened)
}

fn show(common: &Common, platform: &Platform, api: &str, opened: &[(String, String)]) -> Result<Exit, Fault> {
    if opened.is_empty() {
        return Err(Fault::new(Code::AuthRefused)
            .detail("The sign-in opens no company.")
            .hint("Connect again and choose a company on the platform's page."));
    }
    let connections: Vec<_> =
        opened.iter().map(|(id, name)| (platform.connection(api, id), name.as_str())).collect();
    if common.json {
        let list: Vec<_> =
            connections.iter().map(|(text, name)| json!({"connection": text, "name": name})).collect();
        output::json(&list)?;
        return Ok(Exit::Finished);
    }
    output::line("Signed in. Use it with --from or --to:")?;
    for (text, name) in connections {
        output::line(format!("  {text}  {name}").trim_end())?;
    }
    Ok(Exit::Finished)
}

/// Has the platform take the tokens back, and deletes them.
pub(crate) async fn end(common: &Common, args: &Disconnect) -> Result<Exit, Fault> {
    let (platform, api, company) = company_of(&args.connection)?.ok_or_else(|| {
        Fault::new(Code::ConfigInvalid)
            .detail("Nobody signs in to that.")
            .hint("Name a connection such as quickbooks:COMPANY or xero:TENANT.")
    })?;
    let outside = Outside::new(&common.state);
    let name = grant_name(platform, &api, &company);
    let Some(grant) = outside.tokens().load(&name).await? else {
        output::line("There is no sign-in of that name.")?;
        return Ok(Exit::Finished);
    };
    let provider = (platform.provider)(&api);
    let token = grant.refresh_token.as_ref().unwrap_or(&grant.access_token);
    let request = provider.revocation(&app(platform, &outside)?, token)?;
    let response = HttpTransport::new(&provider.revoke.base)?.send(&request).await?;
    // A token that has ended already cannot be taken back, which is as well.
    if !response.is_success() && response.status >= 500 {
        return Err(Fault::new(Code::ServerFailed)
            .detail("The platform did not take the tokens back; they are kept until it does."));
    }
    outside.tokens().forget(&name).await?;
    output::line("Signed out.")?;
    Ok(Exit::Finished)
}

fn named(name: &str) -> Result<&'static Platform, Fault> {
    platform(name).ok_or_else(|| {
        let known: Vec<_> =
            carry_connectors::PLATFORMS.iter().map(|platform| platform.manifest.system).collect();
        Fault::new(Code::ConfigInvalid)
            .detail(format!("There is no platform '{name}'."))
            .hint(format!("Known are: {}.", known.join(", ")))
    })
}

fn secret_text() -> Result<String, Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| Fault::new(Code::Bug).detail("the system gives no random bytes").caused_by(e))?;
    Ok(random_text(&bytes))
}

/// Waits for the callback. Anything else that knocks (an icon, a scanner, another sign-in) is turned away.
async fn come_back(
    listener: &TcpListener,
    read: impl Fn(&str) -> Result<Callback, Fault>,
) -> Result<Callback, Fault> {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let Some(query) = query_of(&mut stream).await else {
            answer(&mut stream, "404 Not Found", "There is nothing here.").await;
            continue;
        };
        match read(&query) {
            Ok(callback) => {
                answer(&mut stream, "200 OK", "Signed in. You may close this page and go back to carry.")
                    .await;
                return Ok(callback);
            }
            Err(fault) if fault.raw.is_empty() => {
                answer(&mut stream, "400 Bad Request", "This answer belongs to another sign-in.").await;
            }
            Err(fault) => {
                answer(&mut stream, "200 OK", "Access was not granted. You may close this page.").await;
                return Err(fault);
            }
        }
    }
}

/// The query of a request for the callback's path.
async fn query_of(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut part = [0; 2048];
    let read = async {
        while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => break,
                Ok(count) => head.extend_from_slice(part.get(..count).unwrap_or_default()),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.ok()?;
    let text = String::from_utf8(head).ok()?;
    let target = text.lines().next()?.strip_prefix("GET ")?.split(' ').next()?;
    let (path, query) = target.split_once('?')?;
    (path == PATH).then(|| query.to_owned())
}

async fn answer(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!("<!doctype html><meta charset=utf-8><title>carry</title><p>{text}</p>");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         referrer-policy: no-referrer\r\nconnection: close\r\n\r\n",
        page.len()
    );
    // The browser may be gone; what it brought counts.
    let _ = stream.write_all(format!("{head}{page}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(port: u16, target: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream
            .write_all(format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn only_this_sign_in_ends_the_wait() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = (named("quickbooks").unwrap().provider)("http://127.0.0.1:1");
        let wait =
            tokio::spawn(async move { come_back(&listener, |query| provider.callback(query, "s1")).await });
        assert!(get(port, "/favicon.ico").await.starts_with("HTTP/1.1 404"));
        assert!(get(port, "/callback?code=x&state=other&realmId=1").await.starts_with("HTTP/1.1 400"));
        assert!(get(port, "/callback?code=x&state=s1&realmId=42").await.starts_with("HTTP/1.1 200"));
        assert_eq!(wait.await.unwrap().unwrap().company.as_deref(), Some("42"));
    }

    #[test]
    fn unknown_platforms_are_named() {
        assert_eq!(named("sage").err().unwrap().code, Code::ConfigInvalid);
        assert_eq!(secret_text().unwrap().len(), 43);
    }
}
