//! Listening, and stopping without dropping a request.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long open requests may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Binds `address` and serves until `stop`; then finishes what is open, for at most 20 s.
pub async fn serve(address: SocketAddr, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is another process using the port? (set BIND to another address)")
    })?;
    serve_on(listener, router, stop).await
}

/// The same on a listener that is already bound.
pub async fn serve_on(listener: TcpListener, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    let drained = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future();
    tokio::pin!(drained);
    tokio::select! {
        result = &mut drained => result.context("the HTTP server failed"),
        () = async { stop.cancelled().await; tokio::time::sleep(DRAIN).await } => {
            tracing::warn!("some requests were still open {} s after the signal to stop", DRAIN.as_secs());
            Ok(())
        }
    }
}
