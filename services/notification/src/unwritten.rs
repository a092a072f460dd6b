//! What a provider has taken from us, until the database knows it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use common::jobs::write_down;

/// What was done, by the key of what was to be done. It lives as long as the process: a database that is away for an hour makes nobody read
/// the same message twice, a process that is killed between the provider's answer and the commit can.
#[derive(Debug)]
pub struct Unwritten<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Unwritten<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash, V: Clone> Unwritten<K, V> {
    /// What was done, when that is not written down yet.
    pub fn get(&self, key: &K) -> Option<V> {
        self.with(|all| all.get(key).cloned())
    }

    /// It was done: keeps that until `write` has written it down.
    pub async fn note<F>(&self, key: K, done: V, write: impl Fn() -> F) -> sqlx::Result<()>
    where
        F: Future<Output = sqlx::Result<()>>,
    {
        self.with(|all| all.insert(key, done));
        write_down("what was sent", write).await?;
        self.with(|all| all.remove(&key));
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
