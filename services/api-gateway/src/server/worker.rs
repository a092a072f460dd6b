//! One thread that takes connections and answers their requests.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use super::{Shared, Tls, connection};
use crate::access_log::{self, AccessLog};
use crate::app::App;
use crate::auth::{Person, Verified};
use crate::metrics;
use crate::proxy::Ids;
use crate::upstream::pool::Pool;

/// A worker whose timer comes this much too late twice in a row has more to do than it can; once may be the machine's own pause.
const BEHIND: Duration = Duration::from_millis(750);

/// What one thread has for itself.
pub struct Worker {
    /// Shared with all others.
    pub app: App,
    /// Connections to servers.
    pub pool: Pool,
    pub(crate) access: AccessLog,
    pub(super) shared: Arc<Shared>,
    verified: Verified,
    behind: Cell<bool>,
}

/// Runs until the end.
pub(super) fn run(app: App, listener: std::net::TcpListener, tls: Option<Tls>, shared: Arc<Shared>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(61)
        .build()
        .expect("a runtime without special settings can be built");
    let worker = Rc::new(Worker {
        access: AccessLog::new(Arc::clone(&app.access)),
        app,
        pool: Pool::default(),
        shared,
        verified: Verified::default(),
        behind: Cell::new(false),
    });
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        tokio::task::spawn_local(tend(Rc::clone(&worker)));
        if let Err(error) = accept(&worker, listener, tls).await {
            tracing::error!(%error, "a worker cannot take connections");
        }
        worker.shared.abort.cancelled().await;
    });
    drop(local);
    worker.access.flush();
}

/// Takes connections until the signal to stop, then those that were waiting by then.
async fn accept(worker: &Rc<Worker>, listener: std::net::TcpListener, tls: Option<Tls>) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let taken = tokio::select! {
            biased;
            taken = listener.accept() => taken,
            () = worker.shared.stop.cancelled() => return Ok(()),
        };
        match taken {
            Ok((stream, address)) => take(worker, stream, address, tls.clone()),
            Err(error) => {
                // Out of file descriptors, or the client was faster than us.
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn take(worker: &Rc<Worker>, stream: TcpStream, address: std::net::SocketAddr, tls: Option<Tls>) {
    let open = worker.shared.open.fetch_add(1, Ordering::Relaxed);
    let counted = Open(Arc::clone(&worker.shared));
    if open >= worker.app.settings.max_connections {
        metrics::SHED.inc();
        return;
    }
    let worker = Rc::clone(worker);
    tokio::task::spawn_local(async move {
        connection::serve(worker, stream, address.ip().to_canonical(), tls).await;
        drop(counted);
    });
}

/// Counts a connection as open until dropped.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What has to be done now and then.
async fn tend(worker: Rc<Worker>) {
    let (mut rounds, mut was_late) = (0_u32, false);
    loop {
        let begin = Instant::now();
        tokio::time::sleep(access_log::EVERY).await;
        let is_late = begin.elapsed() > access_log::EVERY + BEHIND;
        worker.behind.set(is_late && was_late);
        was_late = is_late;
        worker.access.flush();
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(25) {
            worker.pool.sweep();
            metrics::CONNECTIONS.set(i64::try_from(worker.shared.open.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        }
    }
}

impl Worker {
    /// Whether this thread has more to do than it can.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.get()
    }

    /// Whom an access token speaks of.
    pub(crate) async fn person_of_token(&self, token: &str) -> Result<Rc<Person>> {
        let keys = &self.app.keys;
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let person = if let Some(person) = self.verified.get(&hash, keys.generation()) {
            person
        } else {
            let person = Rc::new(self.check(token).await?);
            self.verified.insert(hash, Rc::clone(&person));
            person
        };
        if keys.is_over(person.expires_at) {
            self.verified.remove(&hash);
            return Err(expired());
        }
        let identity = &person.identity;
        if self.app.revoked.contains(&identity.session_id, identity.user_id, person.issued_at) {
            return Err(revoked());
        }
        Ok(person)
    }

    /// Looks for a new key once, when the token names an unknown one.
    async fn check(&self, token: &str) -> Result<Person> {
        use crate::auth::Fault;
        let keys = &self.app.keys;
        match keys.check(token) {
            Ok(person) => return Ok(person),
            Err(Fault::Refused(error)) => return Err(error),
            Err(Fault::UnknownKey) => {}
        }
        let fetched = self.app.keys_fetched.notified();
        self.app.keys_wanted.notify_one();
        let _ = tokio::time::timeout(Duration::from_secs(3), fetched).await;
        match keys.check(token) {
            Ok(person) => Ok(person),
            Err(Fault::Refused(error)) => Err(error),
            Err(Fault::UnknownKey) => Err(keys.unknown_key()),
        }
    }

    /// Whose API key this is.
    pub(crate) async fn person_of_key(&self, key: &str, ids: &Ids) -> Result<Rc<Person>> {
        let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let now = self.app.clock.now().unix_timestamp();
        let known = common::http::in_context(ids.context(), self.app.api_keys.find(hash, now)).await?;
        let identity = known.identity();
        if self.app.revoked.contains(&identity.session_id, identity.user_id, known.asked_at) {
            // What was said of it is older than what was revoked: the key itself, or just its owner's role.
            self.app.api_keys.forget(&hash).await;
            return Err(revoked());
        }
        let expires_at = known.expires_at.map_or(i64::MAX, time::OffsetDateTime::unix_timestamp);
        if expires_at < now {
            return Err(expired());
        }
        Ok(Rc::new(Person::of_key(
            identity,
            Arc::clone(&known.key_id),
            known.scopes.clone(),
            known.asked_at,
            expires_at,
        )))
    }
}

fn expired() -> Error {
    metrics::REFUSED.with_label_values(&["expired"]).inc();
    Error::unauthenticated("expired_token", "The session has expired: sign in again")
}

fn revoked() -> Error {
    metrics::REFUSED.with_label_values(&["revoked"]).inc();
    Error::unauthenticated("revoked_token", "This session was ended: sign in again")
}
