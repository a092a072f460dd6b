//! WebSocket and other upgrades: after both sides agreed, bytes are copied both ways.

use axum::body::Body;
use axum::response::Response;
use http::Request;
use http::header::{CONNECTION, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

/// Whether the client asks to change the protocol of this connection.
pub(super) fn wanted(request: &Request<Body>) -> bool {
    let asks = request
        .headers()
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    asks && request.headers().contains_key(UPGRADE)
}

/// Joins the two sides once each has switched.
pub(super) fn join(client_side: OnUpgrade, response: &mut Response) {
    let service_side = hyper::upgrade::on(response);
    tokio::spawn(async move {
        let (client, service) = match tokio::try_join!(client_side, service_side) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "the upgrade did not come about");
                return;
            }
        };
        let copied = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(service)).await;
        tracing::debug!(?copied, "the upgraded connection is over");
    });
}
