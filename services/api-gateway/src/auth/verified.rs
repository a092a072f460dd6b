//! What was verified, remembered by hash: a signature check costs 35 µs, a look-up less than one.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use common::auth::Identity;
use http::HeaderValue;

use crate::app::App;

/// Remembered by one worker: twice this at most.
const HALF: usize = 4096;
/// The identity handed on is good for a minute; one that is used again must still be good for the service's time.
const IDENTITY_SECONDS: i64 = 20;

/// A person behind credentials that were found good.
pub struct Person {
    /// Who.
    pub identity: Identity,
    /// The API key, when it was one.
    pub key_id: Option<Arc<str>>,
    /// What an API key opens; a signed-in person's own token opens all that the role does.
    pub scopes: Vec<String>,
    /// Unix seconds.
    pub issued_at: i64,
    /// Unix seconds.
    pub expires_at: i64,
    /// By service.
    signed: RefCell<Vec<Signed>>,
}

/// An identity as it was signed for a service.
struct Signed {
    audience: String,
    header: HeaderValue,
    /// Unix seconds.
    at: i64,
    /// Of the secret that signed it.
    version: u64,
}

impl Person {
    pub(crate) fn new(identity: Identity, issued_at: i64, expires_at: i64) -> Self {
        Self { identity, key_id: None, scopes: Vec::new(), issued_at, expires_at, signed: RefCell::default() }
    }

    pub(crate) fn of_key(
        identity: Identity,
        key_id: Arc<str>,
        scopes: Vec<String>,
        issued_at: i64,
        expires_at: i64,
    ) -> Self {
        Self { identity, key_id: Some(key_id), scopes, issued_at, expires_at, signed: RefCell::default() }
    }

    /// The identity as a service takes it.
    pub(crate) fn header_for(&self, audience: &str, app: &App) -> HeaderValue {
        let now = app.clock.now().unix_timestamp();
        let version = app.tokens.version();
        let mut signed = self.signed.borrow_mut();
        if let Some(known) = signed.iter().find(|known| known.audience == audience)
            && known.version == version
            && (known.at..known.at + IDENTITY_SECONDS).contains(&now)
        {
            return known.header.clone();
        }
        let token = app.tokens.identity_for(audience, &self.identity);
        let mut header = HeaderValue::try_from(token).expect("a token is plain text");
        header.set_sensitive(true);
        signed.retain(|known| known.audience != audience);
        signed.push(Signed { audience: audience.to_owned(), header: header.clone(), at: now, version });
        header
    }
}

/// Credentials of one worker's clients by SHA-256. Two halves: what is used moves to the young one, the old one is dropped when the young one
/// is full, so the memory is bounded and what is in use stays.
#[derive(Default)]
pub struct Verified {
    young: RefCell<HashMap<[u8; 32], Rc<Person>>>,
    old: RefCell<HashMap<[u8; 32], Rc<Person>>>,
    generation: Cell<u64>,
}

impl Verified {
    /// What is known under a hash. A new `generation` of keys forgets everything.
    pub fn get(&self, hash: &[u8; 32], generation: u64) -> Option<Rc<Person>> {
        if self.generation.replace(generation) != generation {
            self.young.borrow_mut().clear();
            self.old.borrow_mut().clear();
            return None;
        }
        if let Some(person) = self.young.borrow().get(hash) {
            return Some(Rc::clone(person));
        }
        let person = self.old.borrow_mut().remove(hash)?;
        self.insert(*hash, Rc::clone(&person));
        Some(person)
    }

    /// Remembers.
    pub fn insert(&self, hash: [u8; 32], person: Rc<Person>) {
        let mut young = self.young.borrow_mut();
        if young.len() >= HALF {
            *self.old.borrow_mut() = std::mem::take(&mut *young);
        }
        young.insert(hash, person);
    }

    /// Forgets.
    pub fn remove(&self, hash: &[u8; 32]) {
        self.young.borrow_mut().remove(hash);
        self.old.borrow_mut().remove(hash);
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.young.borrow().len() + self.old.borrow().len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use common::auth::Role;
    use common::ids::UserId;

    use super::*;

    fn person() -> Rc<Person> {
        let identity =
            Identity { user_id: UserId::new(), role: Role::Viewer, email: String::new(), session_id: String::new() };
        Rc::new(Person::new(identity, 0, 0))
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let verified = Verified::default();
        let hash = |n: usize| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_le_bytes());
            hash
        };
        for n in 0..HALF * 5 {
            verified.insert(hash(n), person());
            assert!(verified.get(&hash(0), 0).is_some(), "in use all the time");
            assert!(verified.len() <= 2 * HALF);
        }
        assert!(verified.get(&hash(1), 0).is_none(), "long unused");
        assert!(verified.get(&hash(0), 1).is_none(), "a new generation forgets");
    }
}
