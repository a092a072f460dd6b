//! What is left of a request's body when it was answered without being read.
//!
//! A refusal is often ready before the body has arrived. hyper then ends the connection, without having said so in the answer, and a client that
//! keeps connections may already have sent its next request on it: that one would fail, though nothing is wrong with it. So the remainder is
//! read and thrown away, as long as it is small and comes soon.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http::header::EXPECT;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

/// A longer remainder is not worth a connection.
const MOST_BYTES: u64 = 256 * 1024;
/// Nor is one that comes slowly.
const LONGEST: Duration = Duration::from_secs(2);

/// Sees to it that the request's body is read, by the handler or after it.
pub(super) fn consumed(request: Request) -> Request {
    // Who expects to be asked for the body does not send it unasked.
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| Body::new(Consumed(Some(body))))
}

struct Consumed(Option<Body>);

impl http_body::Body for Consumed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Consumed {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|body| !body.is_end_stream() && body.size_hint().lower() <= MOST_BYTES)
        else {
            return;
        };
        // Outside a runtime there is no connection either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LONGEST, discard(body)));
        }
    }
}

async fn discard(mut body: Body) {
    let mut read = 0;
    while read <= MOST_BYTES {
        let Some(Ok(frame)) = body.frame().await else { return };
        read += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::map_request;
    use axum::routing::{get, post};
    use http::StatusCode;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Sends a request to a handler that reads no body, the body after the answer, and then another request on the same connection.
    async fn second_answer(length: usize) -> String {
        let router = Router::new()
            .route("/refuse", post(async || StatusCode::UNSUPPORTED_MEDIA_TYPE))
            .route("/next", get(async || "still here"))
            .layer(map_request(async |request: Request| consumed(request)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let head = format!("POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = client.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 415"));
        let _ = client.write_all(&vec![b'x'; length]).await;
        let _ = client.write_all(b"GET /next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
        server.abort();
        String::from_utf8_lossy(&rest).into_owned()
    }

    #[tokio::test]
    async fn a_connection_outlives_a_body_that_nobody_read() {
        assert!(second_answer(12).await.ends_with("still here"));
        assert!(second_answer(200_000).await.ends_with("still here"));
    }

    #[tokio::test]
    async fn a_long_body_that_nobody_wants_ends_its_connection() {
        assert_eq!(second_answer(20_000_000).await, "");
    }
}
