//! Bodies on their way through: bounded in size and in silence, never held back.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::exchange::Exchange;

/// Why a body ended early.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// What a client did wrong while it sent its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// More bytes than the route takes.
    TooLarge,
    /// Nothing came for too long.
    Stalled,
    /// The client went away, or its framing broke.
    Broken,
}

/// The body of a request on its way to a server.
pub enum RequestBody {
    /// None.
    Empty,
    /// As it arrives.
    Upload(Box<Upload>),
}

/// A body that is still arriving.
pub struct Upload {
    incoming: Incoming,
    left: u64,
    silence: Silence,
    fault: Rc<Cell<Option<Fault>>>,
}

/// Fires when nothing happens for too long.
struct Silence {
    limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    fn new(limit: Option<Duration>) -> Self {
        Self { limit, timer: None }
    }

    /// Something happened.
    fn end(&mut self) {
        self.timer = None;
    }

    /// Ready when it has been silent for too long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = self.limit else { return Poll::Pending };
        self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(cx)
    }
}

impl RequestBody {
    /// Bounded by `limit` bytes and by silence; `fault` learns what went wrong.
    pub fn new(incoming: Incoming, limit: u64, silence: Option<Duration>, fault: Rc<Cell<Option<Fault>>>) -> Self {
        if incoming.is_end_stream() {
            return Self::Empty;
        }
        Self::Upload(Box::new(Upload { incoming, left: limit, silence: Silence::new(silence), fault }))
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl Upload {
    fn fail(&self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.fault.set(Some(fault));
        Poll::Ready(Some(Err("the request's body cannot be passed on".into())))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self::Upload(upload) = self.get_mut() else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(&mut upload.incoming).poll_frame(cx) else {
            ready!(upload.silence.poll(cx));
            return upload.fail(Fault::Stalled);
        };
        upload.silence.end();
        match frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match upload.left.checked_sub(length) {
                    Some(left) => upload.left = left,
                    None => return upload.fail(Fault::TooLarge),
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(_)) => upload.fail(Fault::Broken),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Upload(upload) => upload.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Upload(upload) => upload.incoming.size_hint(),
        }
    }
}

/// The body of an answer.
pub enum ResponseBody {
    /// None.
    Empty,
    /// Known as a whole.
    Full(Bytes),
    /// As it arrives from a server.
    Download(Box<Download>),
    /// Of a page of the gateway's own.
    Own(axum::body::Body),
}

/// An answer that is still arriving. Dropped before its end, its connection is closed.
pub struct Download {
    incoming: Incoming,
    silence: Silence,
    exchange: Option<Exchange>,
    /// For streams without an end: the gateway is going away, the client is to come back to another one.
    closing: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl ResponseBody {
    /// An answer as it arrives, with what it occupies until its end.
    pub fn download(
        incoming: Incoming,
        silence: Option<Duration>,
        exchange: Exchange,
        closing: Option<WaitForCancellationFutureOwned>,
    ) -> Self {
        let closing = closing.map(Box::pin);
        Self::Download(Box::new(Download {
            incoming,
            silence: Silence::new(silence),
            exchange: Some(exchange),
            closing,
        }))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Download(download) => {
                if let Poll::Ready(frame) = Pin::new(&mut download.incoming).poll_frame(cx) {
                    download.silence.end();
                    if (frame.is_none() || download.incoming.is_end_stream())
                        && let Some(exchange) = download.exchange.take()
                    {
                        exchange.finish();
                    }
                    return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
                }
                if download.closing.as_mut().is_some_and(|closing| closing.as_mut().poll(cx).is_ready()) {
                    return Poll::Ready(None);
                }
                ready!(download.silence.poll(cx));
                Poll::Ready(Some(Err("the service fell silent within its answer".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Own(body) => body.is_end_stream(),
            Self::Download(download) => download.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Own(body) => body.size_hint(),
            Self::Download(download) => download.incoming.size_hint(),
        }
    }
}
