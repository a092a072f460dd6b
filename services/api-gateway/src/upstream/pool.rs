//! Kept connections to servers. Each worker has its own pool: a connection never changes threads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Server, now_ms};
use crate::joined::Joined;
use crate::proxy::body::RequestBody;

/// A connection through which a request can be sent.
pub type Sender = SendRequest<RequestBody>;

/// Shorter than any service keeps an idle connection, in milliseconds.
const KEEP: u64 = 15_000;
/// Kept for one server at most.
const MOST: usize = 256;

/// Idle connections by server, and since when each is.
#[derive(Default)]
pub struct Pool(RefCell<HashMap<SocketAddr, Vec<(Sender, u64)>>>);

impl Pool {
    /// The connection that was used last, if it still stands.
    pub fn take(&self, server: &Server, now_ms: u64) -> Option<Sender> {
        let mut idle = self.0.borrow_mut();
        let connections = idle.get_mut(&server.address)?;
        let oldest = server.fresh_from().max(now_ms.saturating_sub(KEEP));
        let mut busy = None;
        let found = loop {
            let Some((sender, since)) = connections.pop() else { break None };
            if sender.is_closed() || since < oldest {
                continue;
            }
            if sender.is_ready() {
                break Some(sender);
            }
            // The end of its last answer has been read, but its task has not run since: it is as good as ready.
            if busy.is_some() {
                break Some(sender);
            }
            busy = Some((sender, since));
        };
        match (found, busy) {
            (Some(found), busy) => {
                connections.extend(busy);
                Some(found)
            }
            (None, Some((sender, _))) => Some(sender),
            (None, None) => None,
        }
    }

    /// Keeps a connection whose answer was read to its end.
    pub fn put(&self, server: SocketAddr, sender: Sender, now_ms: u64) {
        if sender.is_closed() {
            return;
        }
        let mut idle = self.0.borrow_mut();
        let connections = idle.entry(server).or_default();
        if connections.len() < MOST {
            connections.push((sender, now_ms));
        }
    }

    /// Drops what was idle for too long.
    pub fn sweep(&self) {
        let oldest = now_ms().saturating_sub(KEEP);
        self.0.borrow_mut().retain(|_, connections| {
            connections.retain(|(sender, since)| !sender.is_closed() && *since >= oldest);
            !connections.is_empty()
        });
    }
}

/// Opens a connection; its task lives on this worker.
pub async fn connect(server: SocketAddr, limit: Duration) -> io::Result<Sender> {
    let stream = tokio::time::timeout(limit, TcpStream::connect(server))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time"))??;
    stream.set_nodelay(true)?;
    let (sender, connection) =
        http1::Builder::new().handshake(TokioIo::new(Joined(stream))).await.map_err(io::Error::other)?;
    tokio::task::spawn_local(connection.with_upgrades());
    Ok(sender)
}
