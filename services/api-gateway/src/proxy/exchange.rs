//! What one request occupies until its answer has been read to the end.

use std::net::SocketAddr;
use std::rc::Rc;

use crate::server::Worker;
use crate::upstream::pool::Sender;
use crate::upstream::{self, server};

/// A connection to a server, and the places taken there.
pub struct Exchange {
    worker: Rc<Worker>,
    server: SocketAddr,
    sender: Sender,
    _under: server::Under,
    _place: upstream::Place,
}

impl Exchange {
    pub(super) fn new(
        worker: Rc<Worker>,
        server: SocketAddr,
        sender: Sender,
        under: server::Under,
        place: upstream::Place,
    ) -> Self {
        Self { worker, server, sender, _under: under, _place: place }
    }

    /// The answer was read to its end: the connection can be used again.
    pub fn finish(self) {
        self.worker.pool.put(self.server, self.sender, upstream::now_ms());
    }
}
