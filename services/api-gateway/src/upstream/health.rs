//! Active checks: asks every server again and again whether it is well.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Server, Upstream, now_ms};

/// Looks until cancelled. All servers of one upstream are asked at once, each on a connection of its own: what is to be found out is
/// whether it takes a new one.
pub(super) async fn keep(upstream: Arc<Upstream>) {
    let interval = Duration::from_millis(upstream.plan.health.interval_milliseconds);
    loop {
        let servers = upstream.servers.load_full();
        // A lone server is used whatever the verdict, but the gauge and the log should know.
        let looks = servers.iter().map(|server| look(&upstream, server));
        futures::future::join_all(looks).await;
        tokio::time::sleep(interval).await;
    }
}

async fn look(upstream: &Upstream, server: &Server) {
    let limit = Duration::from_millis(upstream.plan.health.timeout_milliseconds);
    let well = matches!(tokio::time::timeout(limit, ask(upstream, server)).await, Ok(Ok(true)));
    let (name, address) = (&upstream.plan.name, server.address);
    match server.checked(well, &upstream.plan, now_ms()) {
        Some(true) => tracing::info!(upstream = %name, server = %address, "`{name}` at {address} is well again"),
        Some(false) => {
            tracing::warn!(upstream = %name, server = %address, "`{name}` at {address} fails its health check");
        }
        None => {}
    }
}

async fn ask(upstream: &Upstream, server: &Server) -> anyhow::Result<bool> {
    let stream = TcpStream::connect(server.address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get(upstream.plan.health.path.as_str())
        .header(header::HOST, upstream.host.clone())
        .header(header::CONNECTION, "close")
        .body(Empty::<bytes::Bytes>::new())?;
    let answer = sender.send_request(request).await;
    connection.abort();
    Ok(answer?.status().is_success())
}
