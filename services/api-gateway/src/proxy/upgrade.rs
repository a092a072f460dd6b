//! WebSocket and other upgrades: after both sides agreed, bytes are copied both ways.

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Response, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

use super::exchange::Exchange;
use super::headers;

/// Whether the client asks for a WebSocket. No other protocol: a service that spoke HTTP/2 on the connection would be reached past every
/// check of ours.
pub(super) fn wanted(version: Version, headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(UPGRADE).iter();
    let websocket = protocols.next().is_some_and(|one| one.as_bytes().eq_ignore_ascii_case(b"websocket"));
    version == Version::HTTP_11
        && websocket
        && protocols.next().is_none()
        && headers::elements(headers, CONNECTION, ',').any(|token| token.eq_ignore_ascii_case("upgrade"))
}

/// Joins the two sides once each has switched. `exchange` counts as under way until then; `closing` ends it when the gateway goes away.
pub(super) fn join(
    client: OnUpgrade,
    response: &mut Response<Incoming>,
    exchange: Exchange,
    closing: CancellationToken,
) {
    let service = hyper::upgrade::on(response);
    tokio::task::spawn_local(async move {
        let (client, service) = match tokio::try_join!(client, service) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "the upgrade did not come about");
                return;
            }
        };
        let (mut client, mut service) = (TokioIo::new(client), TokioIo::new(service));
        let copying = tokio::io::copy_bidirectional(&mut client, &mut service);
        let copied = closing.run_until_cancelled_owned(copying).await;
        tracing::debug!(?copied, "the upgraded connection is over");
        drop(exchange);
    });
}
