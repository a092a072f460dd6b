//! One token that is cancelled when the process is asked to stop.

use tokio_util::sync::CancellationToken;

/// Cancelled at the first SIGTERM or SIGINT. Whoever holds a clone drains and returns.
pub fn on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::error!(%error, "cannot listen for SIGTERM");
                return;
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("asked to stop: draining");
        stop.cancel();
    });
    token
}
