//! Listening: a thread for each processor, each with connections, pools and buffers of its own, so that nothing on the way of a request is
//! shared but counters. A further thread, the control thread, does what no request waits for.

mod connection;
mod io;
mod listener;
mod tls;
mod worker;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::config::Config;
use crate::{auth, metrics, own, reload};

pub use tls::Tls;
pub use worker::Worker;

/// After the signal to stop, idle connections are kept for this long: a request that is on its way to us still gets its answer.
const LINGER: Duration = Duration::from_secs(2);

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether it is TLS that we end.
    pub encrypted: bool,
}

/// A gateway that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// Its state.
    pub app: App,
    workers: Vec<std::thread::JoinHandle<()>>,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    /// Ends the tasks beside the workers, which go on while requests are still answered.
    end: CancellationToken,
}

/// What all workers know of the way to the end.
pub(crate) struct Shared {
    /// No more connections are taken.
    pub(crate) stop: CancellationToken,
    /// Connections end when they have nothing to do.
    pub(crate) close: CancellationToken,
    /// Connections end now.
    pub(crate) abort: CancellationToken,
    /// Open connections.
    pub(crate) open: AtomicUsize,
}

/// Starts listening; must be called on the runtime that becomes the control thread, and returns when requests are taken.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    metrics::register();
    let listener = listener::bind(config.bind, config.settings.reuse_port)?;
    let address = listener.local_addr()?;
    let tls = config.settings.tls.clone().map(Tls::load).transpose()?;
    let app = App::start(config)?;
    let tasks = TaskTracker::new();
    let end = CancellationToken::new();
    let router = own::router(&app);
    let metrics_bind = app.settings.metrics_bind;
    let _ = app.own.set(router);
    if let Some(bind) = metrics_bind {
        let inner = tokio::net::TcpListener::bind(bind)
            .await
            .with_context(|| format!("API_GATEWAY_METRICS_BIND: cannot listen on {bind}"))?;
        tasks.spawn(common::http::serve_on(inner, own::metrics_router(), end.clone()));
    }
    tasks.spawn(auth::refresh::keep_current(app.clone(), end.clone()));
    auth::refresh::informed(&app, Duration::from_secs(app.settings.start_seconds)).await;
    tasks.spawn(reload::keep_current(app.clone(), tls.clone(), end.clone()));
    let shared = Arc::new(Shared {
        stop: CancellationToken::new(),
        close: CancellationToken::new(),
        abort: CancellationToken::new(),
        open: AtomicUsize::new(0),
    });
    let mut workers = Vec::new();
    for number in 0..app.settings.threads {
        let (app, tls, shared) = (app.clone(), tls.clone(), Arc::clone(&shared));
        let listener = listener.try_clone()?;
        let thread = std::thread::Builder::new().name(format!("worker-{number}"));
        workers.push(thread.spawn(move || worker::run(app, listener, tls, shared))?);
    }
    tracing::info!(%address, workers = workers.len(), "listening");
    Ok(Running { address, app, workers, shared, tasks, end })
}

impl Running {
    /// Takes no more connections, lets open requests end, and returns when all has ended or time is over.
    pub async fn drain(self) {
        let Self { app, workers, shared, tasks, end, .. } = self;
        app.draining.store(true, Ordering::Relaxed);
        shared.stop.cancel();
        let limit = Duration::from_secs(app.settings.drain_seconds);
        wait_until_closed(&shared, LINGER.min(limit)).await;
        // Streams without an end are ended, idle connections closed.
        app.closing.cancel();
        shared.close.cancel();
        wait_until_closed(&shared, limit).await;
        let left = shared.open.load(Ordering::Relaxed);
        if left > 0 {
            tracing::warn!(
                connections = left,
                "some requests were still open {} s after the signal to stop",
                limit.as_secs()
            );
        }
        shared.abort.cancel();
        let joined = tokio::task::spawn_blocking(move || workers.into_iter().for_each(|worker| drop(worker.join())));
        let _ = joined.await;
        end.cancel();
        tasks.close();
        let _ = tokio::time::timeout(Duration::from_secs(5), tasks.wait()).await;
    }
}

async fn wait_until_closed(shared: &Shared, limit: Duration) {
    let begin = std::time::Instant::now();
    while shared.open.load(Ordering::Relaxed) > 0 && begin.elapsed() < limit {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
