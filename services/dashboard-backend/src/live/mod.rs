//! The live feed: Postgres says that there is something new, and every stream reads it from the table. So nothing is lost, nothing comes
//! twice, and it works with several instances.

pub mod gauges;

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event as SseEvent;
use common::Result;
use common::events::CHANGED_CHANNEL;
use common::ids::ProjectId;
use futures::Stream;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::identity::sessions::Credential;
use crate::store::events;

/// How often a silent stream says that it is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends after this long: the browser comes back by itself, and is checked again.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Events read at once.
const BATCH: i64 = 200;
/// The channel of the trigger on `events`.
const CHANNEL: &str = "dashboard_events";

/// The newest sequence number, for whoever waits for more.
pub struct Feed(watch::Sender<i64>);

impl Feed {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    fn advance(&self, to: i64) {
        self.0.send_if_modified(|newest| {
            let newer = to > *newest;
            *newest = (*newest).max(to);
            newer
        });
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

/// Listens until `stop`. After a break it looks at the table, so what was said meanwhile is not missed.
pub async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let ended = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            ended = listen(&app) => ended,
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "the live feed is behind: the database does not answer");
        }
        tokio::select! { () = stop.cancelled() => {} () = tokio::time::sleep(Duration::from_secs(1)) => {} }
    }
    Ok(())
}

async fn listen(app: &App) -> anyhow::Result<()> {
    let direct = app.config.shared.database_direct_url.as_ref();
    let mut listener = common::db::listen(&app.db, direct, CHANNEL).await?;
    let mut told = events::newest(&mut *app.db.acquire().await?).await?;
    app.feed.advance(told);
    // `None`: the connection broke and is being made again; the table says what was missed.
    loop {
        let heard = listener.try_recv().await?;
        let newest = match heard.and_then(|word| word.payload().parse().ok()) {
            Some(sequence) => sequence,
            None => events::newest(&mut *app.db.acquire().await?).await?,
        };
        app.feed.advance(newest);
        if newest > told {
            tell_services(app, told).await?;
            told = newest;
        }
    }
}

/// Says over Redis which projects changed; for whoever only wants to know that.
async fn tell_services(app: &App, after: i64) -> anyhow::Result<()> {
    let fresh = events::list_after(&mut *app.db.acquire().await?, after, None, BATCH).await?;
    let mut projects: Vec<ProjectId> = fresh.iter().filter_map(|event| event.project_id).collect();
    projects.sort_unstable();
    projects.dedup();
    for project in projects {
        app.redis.publish(CHANGED_CHANNEL, &project.to_string()).await;
    }
    Ok(())
}

/// Events after `last`, or from now on, until the client leaves, what it came with is no longer good, or the process stops.
pub async fn stream(
    app: App,
    project: Option<ProjectId>,
    last: Option<i64>,
    credential: Option<Credential>,
) -> Result<impl Stream<Item = Result<SseEvent, Infallible>>> {
    let newest = events::newest(&mut *app.db.acquire().await?).await?;
    app.feed.advance(newest);
    let at = last.unwrap_or(newest).clamp(0, newest);
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        let pumped = pump(&app, &sender, project, at, credential);
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(LONGEST) => {}
            () = sender.closed() => {}
            ended = pumped => if let Err(error) = ended {
                // The client comes back with its last id.
                tracing::debug!(error = %error.into_anyhow(), "a live stream ended");
            },
        }
    });
    Ok(ReceiverStream::new(receiver))
}

async fn pump(
    app: &App,
    sender: &mpsc::Sender<Result<SseEvent, Infallible>>,
    project: Option<ProjectId>,
    mut at: i64,
    credential: Option<Credential>,
) -> Result<()> {
    let mut newest = app.feed.0.subscribe();
    // Says where the stream begins, so that a client that has seen nothing yet can still come back to this place.
    let hello = SseEvent::default()
        .event("hello")
        .id(at.to_string())
        .retry(Duration::from_secs(2))
        .data(format!("{{\"sequence\":{at}}}"));
    if sender.send(Ok(hello)).await.is_err() {
        return Ok(());
    }
    loop {
        newest.borrow_and_update();
        let mut conn = app.db.acquire().await?;
        let batch = events::list_after(&mut conn, at, project, BATCH).await?;
        if let Some(credential) = credential
            && !credential.is_good(&mut conn, app.clock.now()).await?
        {
            return Ok(());
        }
        drop(conn);
        let full = batch.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
        for event in batch {
            at = event.sequence;
            let message = SseEvent::default().id(at.to_string()).json_data(&event)?;
            if sender.send(Ok(message)).await.is_err() {
                return Ok(());
            }
        }
        if !full {
            // Looks again by itself too, should word of something new ever be lost.
            tokio::select! { _ = newest.changed() => {} () = tokio::time::sleep(HEARTBEAT) => {} }
        }
    }
}
