//! One connection of a client: which protocol it speaks, and its requests until it ends.

use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::io::Timed;
use super::{Peer, Tls, Worker};
use crate::joined::Joined;
use crate::proxy::pipeline;

/// How HTTP/2 begins (RFC 9113, 3.4); no HTTP/1 request begins so.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The longest head of a request.
const HEAD_BYTES: usize = 64 * 1024;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 200;

/// Serves a connection to its end.
pub(super) async fn serve(worker: Rc<Worker>, stream: TcpStream, address: IpAddr, tls: Option<Tls>) {
    let _ = stream.set_nodelay(true);
    let patience = Duration::from_secs(worker.app.settings.header_seconds);
    let peer = Peer { address, encrypted: tls.is_some() };
    let Some(tls) = tls else {
        match tokio::time::timeout(patience, begins_as_http2(&stream)).await {
            Ok(Ok(true)) => Box::pin(http_2(worker, stream, peer)).await,
            Ok(Ok(false)) => http_1(worker, Joined(stream), peer).await,
            Ok(Err(_)) | Err(_) => {} // gone, or said nothing in time
        }
        return;
    };
    Box::pin(encrypted(worker, stream, peer, tls, patience)).await;
}

async fn encrypted(worker: Rc<Worker>, stream: TcpStream, peer: Peer, tls: Tls, patience: Duration) {
    match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => http_2(worker, stream, peer).await,
        Ok(Ok(stream)) => http_1(worker, stream, peer).await,
        Ok(Err(error)) => tracing::debug!(%error, "no TLS connection came about"),
        Err(_) => tracing::debug!("no TLS connection came about in time"),
    }
}

/// Looks at the first bytes without taking them.
async fn begins_as_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        if length == 0 || first[..length] != PREFACE[..length] {
            return Ok(false);
        }
        if length >= 8 {
            return Ok(true);
        }
        // The beginning of the preface, in pieces: peeking again at once would spin.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn http_1<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(worker: Rc<Worker>, stream: S, peer: Peer) {
    let settings = &worker.app.settings;
    let io = TokioIo::new(Timed::new(stream, Duration::from_secs(settings.write_seconds)));
    let service = service_fn({
        let worker = Rc::clone(&worker);
        // On the heap, and gone when it has answered: a connection that only streams on, or waits, does not hold the room.
        move |request: Request<Incoming>| Box::pin(pipeline::serve(Rc::clone(&worker), peer, request))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(settings.header_seconds))
        .max_buf_size(HEAD_BYTES)
        // Half-closed clients still get their answer.
        .half_close(true)
        .serve_connection(io, service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = until(&worker, connection.as_mut(), http1::UpgradeableConnection::graceful_shutdown).await;
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

async fn http_2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(worker: Rc<Worker>, stream: S, peer: Peer) {
    let io = TokioIo::new(Timed::new(stream, Duration::from_secs(worker.app.settings.write_seconds)));
    let service = service_fn({
        let worker = Rc::clone(&worker);
        // On the heap, and gone when it has answered: a connection that only streams on, or waits, does not hold the room.
        move |request: Request<Incoming>| Box::pin(pipeline::serve(Rc::clone(&worker), peer, request))
    });
    let connection = http2::Builder::new(Local)
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let ended = until(&worker, connection.as_mut(), http2::Connection::graceful_shutdown).await;
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Runs a connection; at the sign to close it is asked to end when it has answered, at the sign to abort it ends at once (`None`).
async fn until<C: Future>(
    worker: &Worker,
    mut connection: std::pin::Pin<&mut C>,
    close: impl FnOnce(std::pin::Pin<&mut C>),
) -> Option<C::Output> {
    let shared = &worker.shared;
    tokio::select! {
        biased;
        ended = connection.as_mut() => return Some(ended),
        () = shared.close.cancelled() => {}
    }
    close(connection.as_mut());
    tokio::select! {
        biased;
        ended = connection => Some(ended),
        () = shared.abort.cancelled() => None,
    }
}

/// Runs the tasks of HTTP/2 streams on this thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
