//! Listening, and stopping without dropping a request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::error::Error;

/// After the signal to stop everything is answered for so long, while the readiness says that this process is about to go: whoever spreads
/// requests over several (the gateway looks each second, twice) sends no more by then.
const LINGER: Duration = Duration::from_secs(3);
/// A request that is on its way when the door closes still arrives within this time.
const LATE: Duration = Duration::from_millis(300);
/// How long open requests may go on after that.
const DRAIN: Duration = Duration::from_secs(20);

/// Binds `address` and serves until `stop`; for 3 s after that it serves on and says that it is about to go, then it takes no more
/// connections and finishes what is open, for at most 20 s.
pub async fn serve(address: SocketAddr, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is another process using the port? (set BIND to another address)")
    })?;
    let close = CancellationToken::new();
    let linger = async {
        stop.cancelled().await;
        tokio::time::sleep(LINGER).await;
        close.cancel();
        Ok(())
    };
    tokio::try_join!(serve_on(listener, leaving(router, stop.clone()), close.clone()), linger).map(drop)
}

/// Serves on a listener that is already bound until `close`, then finishes what is open, for at most 20 s.
pub async fn serve_on(listener: TcpListener, router: Router, close: CancellationToken) -> anyhow::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    let (connections, end) = (TaskTracker::new(), CancellationToken::new());
    let take = |stream, address| {
        connections.spawn(connection(stream, address, router.clone(), end.clone()));
    };
    loop {
        tokio::select! {
            biased;
            () = close.cancelled() => break,
            taken = listener.accept() => match taken {
                Ok((stream, address)) => take(stream, address),
                Err(error) => {
                    // Out of file descriptors, or the client was faster than us.
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
    // Those that wait to be taken would be reset with the listener.
    while let Some(Ok((stream, address))) = listener.accept().now_or_never() {
        take(stream, address);
    }
    drop(listener);
    connections.close();
    let _ = tokio::time::timeout(LATE, connections.wait()).await;
    end.cancel();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!("some requests were still open {} s after the signal to stop", DRAIN.as_secs());
    }
    Ok(())
}

/// Serves one connection; at `end` it finishes the request that it is at.
async fn connection(stream: TcpStream, address: SocketAddr, router: Router, end: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        let router = router.clone();
        async move { router.oneshot(request).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let outcome = tokio::select! {
        biased;
        outcome = connection.as_mut() => outcome,
        () = end.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(error, "a connection ended badly");
    }
}

/// From `stop` on the readiness is refused, and each answer is the last of its connection.
fn leaving(router: Router, stop: CancellationToken) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let stop = stop.clone();
        async move {
            let mut response = if stop.is_cancelled() && request.uri().path() == "/health/ready" {
                Error::unavailable("stopping", "This process was asked to stop: send requests to another one")
                    .into_response()
            } else {
                next.run(request).await
            };
            if stop.is_cancelled() {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<Response, Infallible>(response)
        }
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn exchange(stream: &mut TcpStream, request: &str) -> String {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).to_lowercase()
    }

    fn router() -> Router {
        Router::new()
            .route("/health/ready", get(async || "ready"))
            .route("/work", post(async || "done"))
            .route("/who", get(async |ConnectInfo(address): ConnectInfo<SocketAddr>| address.ip().to_string()))
    }

    #[tokio::test]
    async fn a_process_that_is_to_stop_answers_and_says_so() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, close) = (CancellationToken::new(), CancellationToken::new());
        let served = tokio::spawn(serve_on(listener, leaving(router(), stop.clone()), close.clone()));
        let mut kept = TcpStream::connect(address).await.unwrap();
        let ready = exchange(&mut kept, "GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(ready.starts_with("http/1.1 200") && !ready.contains("connection: close"), "{ready}");
        assert!(exchange(&mut kept, "GET /who HTTP/1.1\r\nhost: x\r\n\r\n").await.ends_with("127.0.0.1"));

        stop.cancel();
        let mut new = TcpStream::connect(address).await.unwrap();
        let refused = exchange(&mut new, "GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(refused.starts_with("http/1.1 503") && refused.contains("stopping"), "{refused}");
        let answered = exchange(&mut kept, "POST /work HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
        assert!(answered.starts_with("http/1.1 200") && answered.contains("connection: close"), "{answered}");

        // A connection that was taken in the last moment, and whose request comes after the door was closed.
        let mut late = TcpStream::connect(address).await.unwrap();
        close.cancel();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(TcpStream::connect(address).await.is_err(), "the door is closed");
        let answered = exchange(&mut late, "POST /work HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
        assert!(answered.starts_with("http/1.1 200"), "{answered}");
        served.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_is_being_worked_on_is_finished() {
        let (begun, release) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        let finished = Arc::new(AtomicU32::new(0));
        let handler = {
            let (begun, release, finished) = (begun.clone(), release.clone(), finished.clone());
            move || async move {
                begun.store(true, Ordering::SeqCst);
                release.cancelled().await;
                finished.fetch_add(1, Ordering::SeqCst);
                "finished"
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let close = CancellationToken::new();
        let served = tokio::spawn(serve_on(listener, Router::new().route("/slow", get(handler)), close.clone()));
        let client = tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            exchange(&mut stream, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await
        });
        while !begun.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        close.cancel();
        tokio::time::sleep(LATE * 2).await;
        assert!(!served.is_finished());
        release.cancel();
        assert!(client.await.unwrap().ends_with("finished"));
        served.await.unwrap().unwrap();
        assert_eq!(finished.load(Ordering::SeqCst), 1);
    }
}
