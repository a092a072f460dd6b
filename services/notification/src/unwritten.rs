//! What a provider has taken from us, until the database knows it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// What was done, by the key of what was to be done. It lives as long as the process: a database that is away for an hour makes nobody read
/// the same message twice, a process that is killed between the provider's answer and the commit can.
#[derive(Debug)]
pub struct Unwritten<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Unwritten<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Unwritten<K, V> {
    /// It was done.
    pub fn insert(&self, key: K, done: V) {
        self.with(|all| all.insert(key, done));
    }

    /// What was done, when that is not written down yet.
    pub fn get(&self, key: &K) -> Option<V> {
        self.with(|all| all.get(key).cloned())
    }

    /// It is written down.
    pub fn remove(&self, key: &K) {
        self.with(|all| all.remove(key));
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
