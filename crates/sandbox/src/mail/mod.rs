//! The mail server stand-in: takes every mail, keeps it, shows it. It never passes anything on.

mod parsed;
mod reader;
mod session;
mod tls;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio_rustls::TlsAcceptor;

pub use self::parsed::Parsed;
use crate::context::{Change, Context};

/// Mails kept; the oldest goes when another comes.
const KEPT: usize = 1000;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    ctx: Context,
    dir: PathBuf,
    caught: Mutex<Vec<Caught>>,
    acceptor: TlsAcceptor,
    certificate: String,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// A mail as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caught {
    /// Counts up.
    pub id: u64,
    /// When the last line was in.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// `MAIL FROM`.
    pub sender: String,
    /// `RCPT TO`, each that was accepted.
    pub recipients: Vec<String>,
    /// What the client called itself.
    pub client: String,
    /// The name it signed in with.
    pub user: Option<String>,
    /// Came over TLS.
    pub tls: bool,
    /// The bytes as they came, without the dots that SMTP adds.
    #[serde(with = "base64_bytes")]
    pub raw: Vec<u8>,
}

impl Caught {
    /// What a mail program would make of it.
    pub fn parsed(&self) -> Parsed {
        Parsed::read(&self.raw)
    }

    fn to_json(&self) -> Value {
        let mut shown = json!(self.parsed());
        shown["id"] = json!(self.id);
        shown["received_at"] = json!(self.received_at.format(&time::format_description::well_known::Rfc3339).ok());
        shown["envelope"] = json!({ "from": self.sender, "to": self.recipients });
        shown["client"] = json!(self.client);
        shown["user"] = json!(self.user);
        shown["tls"] = json!(self.tls);
        shown["raw"] = json!(String::from_utf8_lossy(&self.raw));
        shown
    }
}

mod base64_bytes {
    use base64::Engine as _;

    use super::{Deserialize, STANDARD};

    pub(super) fn serialize<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

impl Mail {
    /// Loads what the data directory holds.
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        let dir = ctx.data_dir("mail")?;
        let (acceptor, certificate) = tls::acceptor(&dir)?;
        let mut caught = Vec::new();
        for entry in std::fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                caught.push(
                    serde_json::from_slice::<Caught>(&std::fs::read(&path)?)
                        .map_err(|error| anyhow::anyhow!("{} is damaged, remove it: {error}", path.display()))?,
                );
            }
        }
        caught.sort_by_key(|mail| mail.id);
        Ok(Self(Arc::new(Inner { ctx, dir, caught: Mutex::new(caught), acceptor, certificate })))
    }

    /// Forget everything.
    #[expect(clippy::unused_async, reason = "all stand-ins are reset through the same signature")]
    pub async fn reset(&self) {
        let gone = std::mem::take(&mut *self.lock());
        for mail in gone {
            self.remove_file(mail.id);
        }
        self.0.ctx.changed(Change::Mail);
    }

    /// Every mail so far, oldest first.
    pub fn caught(&self) -> Vec<Caught> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Caught>> {
        self.0.caught.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: u64) -> PathBuf {
        self.0.dir.join(format!("{id:08}.json"))
    }

    fn remove_file(&self, id: u64) {
        if let Err(error) = std::fs::remove_file(self.path(id)) {
            tracing::debug!(%error, "mail {id} had no file");
        }
    }

    /// Keeps a mail: on disk first, because the client may forget it once we say 250.
    fn keep(&self, mut mail: Caught) -> std::io::Result<u64> {
        let mut caught = self.lock();
        mail.id = caught.last().map_or(1, |last| last.id + 1);
        let id = mail.id;
        std::fs::write(self.path(id), serde_json::to_vec(&mail)?)?;
        caught.push(mail);
        if caught.len() > KEPT {
            let oldest = caught.remove(0);
            self.remove_file(oldest.id);
        }
        drop(caught);
        self.0.ctx.changed(Change::Mail);
        Ok(id)
    }
}

/// Take mail on `listener` until the sandbox stops.
pub async fn serve(mail: Mail, listener: tokio::net::TcpListener) {
    let stop = mail.0.ctx.stop().clone();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a mail connection");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let (mail, stop) = (mail.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                ended = session::run(mail, stream) => if let Err(error) = ended {
                    tracing::debug!(%error, "mail connection ended");
                }
            }
        });
    }
}

/// What the page uses; mounted under `/_sandbox/api/mails`.
pub fn admin_router(mail: Mail) -> Router {
    Router::new()
        .route("/", get(list).delete(clear))
        .route("/certificate", get(certificate))
        .route("/{id}", get(find))
        .route("/{id}/raw", get(raw))
        .with_state(mail)
}

async fn list(State(mail): State<Mail>) -> Json<Value> {
    let mails: Vec<Value> = mail.lock().iter().rev().map(Caught::to_json).collect();
    Json(json!({ "mails": mails }))
}

async fn clear(State(mail): State<Mail>) -> StatusCode {
    mail.reset().await;
    StatusCode::NO_CONTENT
}

async fn find(State(mail): State<Mail>, Path(id): Path<u64>) -> Result<Json<Value>, StatusCode> {
    let caught = mail.lock();
    caught.iter().find(|mail| mail.id == id).map(|mail| Json(mail.to_json())).ok_or(StatusCode::NOT_FOUND)
}

async fn raw(State(mail): State<Mail>, Path(id): Path<u64>) -> Result<Response, StatusCode> {
    let caught = mail.lock();
    let found = caught.iter().find(|mail| mail.id == id).ok_or(StatusCode::NOT_FOUND)?;
    // Plain text, whatever is inside: a mail must not run in the page's origin.
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((kind, found.raw.clone()).into_response())
}

async fn certificate(State(mail): State<Mail>) -> Response {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], mail.0.certificate.clone()).into_response()
}
