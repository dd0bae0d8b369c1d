//! The server on the loopback address.
//!
//! It is hyper without a framework above it, because a fault must be able to close a connection without an answer.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::engine::{Engine, Outcome};
use crate::http::{Request, Response};

/// Connections served at the same time; more wait.
const CONNECTIONS_MAX: usize = 512;
/// Largest request taken: an upload of 100 MB with its wrapping.
const BODY_BYTES_MAX: usize = 101 * 1024 * 1024;

type Body = BoxBody<Bytes, io::Error>;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(engine: Arc<Engine>, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, accepting: tokio::spawn(accept(listener, engine)) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn stop(mut self) {
        self.accepting.abort();
        // Ends with the cancellation that was just asked for.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, engine: Arc<Engine>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        // A connection that ended before it was accepted concerns nobody.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let engine = Arc::clone(&engine);
        connections.spawn(async move {
            serve(stream, engine).await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, engine: Arc<Engine>) {
    let service = service_fn(move |request| answer(Arc::clone(&engine), request));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // Callers hang up, and faults close connections; both end here.
    drop(served);
}

async fn answer(engine: Arc<Engine>, request: hyper::Request<Incoming>) -> io::Result<hyper::Response<Body>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return sent(Response::text(413, "the request is too large"), whole);
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut call = Request::new(head.method.as_str(), target).body(body.to_bytes().to_vec());
    call.headers = headers(&head.headers);
    match engine.answer(call).await {
        Outcome::Answered(response) => sent(response, whole),
        Outcome::Truncated(response) => sent(response, half),
        Outcome::Dropped => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
    }
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

fn sent(response: Response, body: fn(Vec<u8>) -> Body) -> io::Result<hyper::Response<Body>> {
    let mut builder =
        hyper::Response::builder().status(response.status).header(CONTENT_LENGTH, response.body.len());
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(body(response.body)).map_err(io::Error::other)
}

fn whole(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes)).map_err(|never: Infallible| match never {}).boxed()
}

fn half(mut bytes: Vec<u8>) -> Body {
    bytes.truncate(bytes.len() / 2);
    let cut = io::Error::from(io::ErrorKind::ConnectionAborted);
    StreamBody::new(stream::iter([Ok(Frame::data(Bytes::from(bytes))), Err(cut)])).boxed()
}
