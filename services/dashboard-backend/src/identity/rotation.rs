//! Which key signs when. A new key is published before it signs, and an old one is published until the last token that it signed has expired,
//! so that rotating never signs anybody out.

use std::sync::{Arc, RwLock};

use anyhow::{Context as _, ensure};
use common::config::Secret;
use common::events::{CacheTag, purge_cache};
use common::rotation::Rotating;
use common::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use super::keys::{KeySet, SigningKey, make_pem};
use crate::projects::record;
use crate::store::settings;

/// Where the first key of our own making is kept, as versions before rotation know it.
const FIRST: &str = "jwt_signing_key";
/// Where the keys are once they have been rotated.
const ROTATED: &str = "jwt_signing_keys";
/// How long another instance may go on with what it has read.
const REREAD: Duration = Duration::seconds(5);
/// For clocks that differ, and for answers that were under way.
const MARGIN: Duration = Duration::seconds(60);

/// The keys in use: from the settings, or made once for all instances and kept in the database.
pub struct Keys {
    given: Option<Rotating<Ring>>,
    kept: RwLock<Option<(OffsetDateTime, Arc<Ring>)>>,
}

/// The keys of one moment, the oldest first; never empty.
pub struct Ring(Vec<Entry>);

struct Entry {
    key: SigningKey,
    active_from: OffsetDateTime,
    /// From then on nothing that it signed is good any more.
    retires_at: Option<OffsetDateTime>,
}

/// A key as it is kept.
#[derive(Deserialize, Serialize)]
struct Kept {
    pem: String,
    #[serde(with = "time::serde::rfc3339")]
    active_from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    retires_at: Option<OffsetDateTime>,
}

/// How a rotation is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// How long the new key is only published, so that everybody who verifies has read it before it signs.
    pub publish_for: Duration,
    /// How long a token is good for that the old key signs.
    pub token_life: Duration,
    /// The old keys are known to others: what they signed is refused as soon as the gateway has read the keys again.
    pub drop_old: bool,
}

/// What came of a rotation.
#[derive(Debug, Serialize)]
pub struct Rotated {
    /// Names the new key.
    pub kid: String,
    /// When it begins to sign.
    #[serde(with = "time::serde::rfc3339")]
    pub active_from: OffsetDateTime,
    /// When the last token of the keys before it has expired; none when they were dropped.
    #[serde(with = "time::serde::rfc3339::option")]
    pub old_until: Option<OffsetDateTime>,
}

impl Ring {
    /// The key that signs now.
    pub fn signing(&self, now: OffsetDateTime) -> &SigningKey {
        let active = self.0.iter().rev().find(|entry| entry.active_from <= now);
        &active.unwrap_or(&self.0[0]).key
    }

    /// Every key that may verify something, now or soon.
    pub fn public(&self, now: OffsetDateTime) -> KeySet {
        let alive = self.0.iter().filter(|entry| entry.retires_at.is_none_or(|at| at > now));
        KeySet { keys: alive.map(|entry| entry.key.public()).collect() }
    }

    /// From the setting: PEM blocks, of which the first signs and the others are still accepted.
    pub fn from_pems(text: &str) -> anyhow::Result<Self> {
        const END: &str = "-----END PRIVATE KEY-----";
        let blocks = text.split_inclusive(END).map(str::trim).filter(|block| !block.is_empty());
        let keys = blocks.map(SigningKey::from_pem).collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(!keys.is_empty(), "there is no key in it");
        let entry = |key| Entry { key, active_from: OffsetDateTime::UNIX_EPOCH, retires_at: None };
        Ok(Self(keys.into_iter().rev().map(entry).collect()))
    }

    fn from_kept(list: &[Kept]) -> anyhow::Result<Self> {
        let entry = |kept: &Kept| {
            let key = SigningKey::from_pem(&kept.pem)?;
            Ok(Entry { key, active_from: kept.active_from, retires_at: kept.retires_at })
        };
        let entries = list.iter().map(entry).collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(!entries.is_empty(), "the list of signing keys in the settings is empty");
        Ok(Self(entries))
    }
}

impl Keys {
    /// The given keys, or none yet.
    pub fn new(given: Option<&Secret>) -> anyhow::Result<Self> {
        let given = given.map(|pems| Rotating::new(pems, Ring::from_pems)).transpose()?;
        Ok(Self { given, kept: RwLock::new(None) })
    }

    /// The keys, as of a few seconds ago or less.
    pub async fn current(&self, db: &PgPool, now: OffsetDateTime) -> Result<Arc<Ring>> {
        if let Some(given) = &self.given {
            return Ok(given.current());
        }
        let known = self.kept.read().map_err(|_| anyhow::anyhow!("the keys' lock is poisoned"))?.clone();
        match known {
            Some((read_at, ring)) if now - read_at < REREAD => Ok(ring),
            _ => self.latest(db, now).await,
        }
    }

    /// The keys as they are in the database now; what verifiers are told.
    pub async fn latest(&self, db: &PgPool, now: OffsetDateTime) -> Result<Arc<Ring>> {
        if let Some(given) = &self.given {
            let known = given.current();
            return Ok(given.reread(&known).unwrap_or(known));
        }
        let mut conn = db.acquire().await?;
        let list = if let Some(list) = settings::find(&mut conn, ROTATED).await? {
            serde_json::from_value(list).context("the signing keys in the settings are not readable")?
        } else {
            let fresh = serde_json::Value::String(make_pem());
            vec![first(&settings::find_or_insert(&mut conn, FIRST, &fresh, now).await?)?]
        };
        let ring = Arc::new(Ring::from_kept(&list)?);
        *self.kept.write().map_err(|_| anyhow::anyhow!("the keys' lock is poisoned"))? = Some((now, Arc::clone(&ring)));
        Ok(ring)
    }

    /// Makes a new key that will sign from then on.
    pub async fn rotate(&self, db: &PgPool, wanted: Rotation, by: &str, now: OffsetDateTime) -> Result<Rotated> {
        if self.given.is_some() {
            return Err(Error::conflict(
                "signing_key_given",
                "The key comes from JWT_SIGNING_KEY: put a new PEM block above the old one in its file, and remove the old one once its last token has expired",
            ));
        }
        self.latest(db, now).await?; // there is one from now on
        let mut tx = db.begin().await?;
        let oldest = settings::lock(&mut tx, FIRST).await?.context("the first signing key is gone")?;
        let mut list: Vec<Kept> = match settings::find(&mut tx, ROTATED).await? {
            Some(list) => serde_json::from_value(list).context("the signing keys in the settings are not readable")?,
            None => vec![first(&oldest)?],
        };
        let active_from = if wanted.drop_old { now } else { now + wanted.publish_for };
        let until = active_from + wanted.token_life + REREAD + MARGIN;
        list.retain(|kept| !wanted.drop_old && kept.retires_at.is_none_or(|at| at > now));
        for kept in &mut list {
            kept.retires_at.get_or_insert(until);
        }
        let pem = make_pem();
        let kid = SigningKey::from_pem(&pem)?.kid;
        list.push(Kept { pem: pem.clone(), active_from, retires_at: None });
        settings::put(&mut tx, ROTATED, &serde_json::to_value(&list)?, now).await?;
        // A version from before rotation must not go on with a key that is no longer published.
        settings::put(&mut tx, FIRST, &serde_json::Value::String(pem), now).await?;
        let how = if wanted.drop_old { "; what the old keys signed is refused" } else { "" };
        record::installation(&mut tx, "signing_key.rotated", by, format!("{by} rotated the signing key{how}"), now)
            .await?;
        purge_cache(&mut tx, CacheTag::AUTH_KEYS, now).await?;
        tx.commit().await?;
        self.latest(db, now).await?;
        Ok(Rotated { kid, active_from, old_until: (!wanted.drop_old).then_some(until) })
    }
}

fn first(pem: &serde_json::Value) -> anyhow::Result<Kept> {
    let pem = pem.as_str().context("the signing key in the settings is not text")?.to_owned();
    Ok(Kept { pem, active_from: OffsetDateTime::UNIX_EPOCH, retires_at: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_given_keys_the_first_signs_and_all_are_published() {
        common::http::client::install_crypto();
        let (new, old) = (make_pem(), make_pem());
        let ring = Ring::from_pems(&format!("{new}\n{old}")).unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        assert_eq!(ring.signing(now).kid, SigningKey::from_pem(&new).unwrap().kid);
        assert_eq!(ring.public(now).keys.len(), 2);
        assert!(Ring::from_pems("").is_err());
        assert!(Ring::from_pems(&format!("{new}\nnonsense")).is_err());
    }
}
