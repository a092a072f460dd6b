//! Writing down what has happened.

use std::fmt::Display;
use std::time::Duration;

/// The pauses between the tries.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3)];

/// Writes down what a job did outside. It cannot be taken back, and what is not written down is done again; so a database that is away just
/// then, because it starts anew, is given more than four seconds. `write` may run several times, also after it has succeeded without our
/// hearing of it: it must change nothing then.
pub async fn write_down<T, E: Display, F>(what: &str, write: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for pause in PAUSES {
        match write().await {
            Ok(done) => return Ok(done),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "cannot write down {what}; trying again");
            }
        }
        tokio::time::sleep(pause).await;
    }
    write().await
}
