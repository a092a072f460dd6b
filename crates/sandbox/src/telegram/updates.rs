//! `getUpdates`: one poller at a time, and an offset that confirms.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Telegram, error::ApiError, params::Params, state::Update};

impl Telegram {
    /// Waits up to `timeout` for updates. A newer poll takes the place of an older one, which is told so.
    pub(super) async fn get_updates(&self, turn: u64, params: &Params) -> Result<Value, ApiError> {
        // The poll that waited until now has lost its place.
        self.0.wake.notify_waiters();
        let offset = params.integer("offset").unwrap_or(0);
        let limit = usize::try_from(params.integer("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
        let timeout = Duration::from_secs(params.integer("timeout").unwrap_or(0).clamp(0, 50).unsigned_abs());
        let deadline = Instant::now() + timeout;
        self.begin_poll(offset, params)?;
        loop {
            let mut woken = std::pin::pin!(self.0.wake.notified());
            woken.as_mut().enable();
            if self.0.newest_poll.load(Ordering::SeqCst) != turn {
                return Err(ApiError::conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running",
                ));
            }
            let found: Vec<Value> = {
                let state = self.lock();
                if state.webhook.is_some() {
                    return Err(webhook_is_active());
                }
                state.updates.iter().take(limit).map(Update::to_api).collect()
            };
            if !found.is_empty() {
                return Ok(json!(found));
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(deadline) => return Ok(json!([])),
                () = self.0.ctx.stop().cancelled() => return Ok(json!([])),
            }
        }
    }

    fn begin_poll(&self, offset: i64, params: &Params) -> Result<(), ApiError> {
        let allowed = params.nested("allowed_updates")?;
        let state = self.lock();
        if state.webhook.is_some() {
            return Err(webhook_is_active());
        }
        let kinds = allowed.and_then(|list| serde_json::from_value::<Vec<String>>(list).ok());
        let confirms = match offset {
            0 => None,
            // Negative: that many from the end, and everything before is forgotten.
            offset if offset < 0 => {
                let wanted = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
                let skipped = state.updates.len().saturating_sub(wanted);
                state.updates.get(skipped).map(|update| update.id)
            }
            offset => Some(offset),
        };
        let pending = state.updates.front().map(|update| update.id);
        let nothing_new = kinds.as_ref().is_none_or(|kinds| state.allowed_updates.as_ref() == Some(kinds))
            && confirms.is_none_or(|offset| pending.is_none_or(|first| first >= offset));
        if nothing_new {
            // A quiet poll every half minute is no reason to write the state down.
            return Ok(());
        }
        drop(state);
        self.change(|state| {
            if kinds.is_some() {
                state.allowed_updates = kinds;
            }
            if let Some(offset) = confirms {
                state.confirm(offset);
            }
        });
        Ok(())
    }
}

fn webhook_is_active() -> ApiError {
    ApiError::conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
}
