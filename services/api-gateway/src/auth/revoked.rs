//! What counts no longer although it has not expired: ended sessions, revoked keys, people whose role, password or state changed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use common::ids::UserId;

/// One line of the list, as dashboard-backend publishes it: `<session id>`, `key:<key id>`, or `user:<user id>:<unix seconds>`, which ends
/// everything of that person that was issued before.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Session(Box<str>),
    User(UserId, i64),
}

impl Subject {
    fn parse(text: &str) -> Self {
        let user = text.strip_prefix("user:").and_then(|rest| rest.split_once(':'));
        match user.map(|(id, at)| (id.parse::<uuid::Uuid>(), at.parse())) {
            Some((Ok(id), Ok(at))) => Self::User(UserId(id), at),
            _ => Self::Session(text.into()),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Sets {
    /// Until when its tokens may still be unexpired, in Unix seconds.
    sessions: HashMap<Box<str>, i64>,
    /// What was issued before counts no longer.
    users: HashMap<UserId, i64>,
}

/// The list, read without a lock by every request.
#[derive(Default)]
pub struct Revoked {
    sets: ArcSwap<Sets>,
    any: AtomicBool,
    read: AtomicBool,
    writing: Mutex<()>,
}

impl Revoked {
    /// Adds one subject, good until `until` (Unix seconds).
    pub fn add(&self, subject: &str, until: i64) {
        self.change(|sets| insert(sets, subject, until));
    }

    /// Whether a whole list was read.
    pub fn is_read(&self) -> bool {
        self.read.load(Ordering::Acquire)
    }

    /// Adds many, and drops what is over at `now`. Nothing is dropped because it is missing from a list: a list may be late.
    pub fn merge(&self, subjects: impl IntoIterator<Item = (String, i64)>, now: i64) {
        self.change(|sets| {
            sets.sessions.retain(|_, until| *until >= now);
            for (subject, until) in subjects {
                insert(sets, &subject, until);
            }
        });
        self.read.store(true, Ordering::Release);
    }

    /// Whether credentials of a session and a person, issued at `issued_at`, no longer count.
    pub fn contains(&self, session_id: &str, user: UserId, issued_at: i64) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let sets = self.sets.load();
        sets.sessions.contains_key(session_id) || sets.users.get(&user).is_some_and(|at| issued_at < *at)
    }

    fn change(&self, change: impl FnOnce(&mut Sets)) {
        let _one_writer = self.writing.lock().expect("no one panics while writing the list");
        let mut sets = Sets::clone(&self.sets.load());
        change(&mut sets);
        let any = !sets.sessions.is_empty() || !sets.users.is_empty();
        self.sets.store(std::sync::Arc::new(sets));
        self.any.store(any, Ordering::Release);
    }
}

fn insert(sets: &mut Sets, subject: &str, until: i64) {
    match Subject::parse(subject) {
        Subject::Session(session) => {
            let known = sets.sessions.entry(session).or_insert(until);
            *known = until.max(*known);
        }
        Subject::User(id, at) => {
            let known = sets.users.entry(id).or_insert(at);
            *known = at.max(*known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_keys_and_people_end() {
        let revoked = Revoked::default();
        let user = UserId::new();
        assert!(!revoked.contains("s", user, 100));
        revoked.add("s", 1_000);
        revoked.add("key:k", 1_000);
        revoked.add(&format!("user:{user}:200"), 1_000);
        assert!(revoked.contains("s", UserId::new(), 900));
        assert!(revoked.contains("key:k", UserId::new(), 900));
        assert!(revoked.contains("other", user, 199), "issued before");
        assert!(!revoked.contains("other", user, 200), "issued after");
        revoked.merge([("t".to_owned(), 3_000)], 2_000);
        assert!(!revoked.contains("s", UserId::new(), 900), "its tokens are over by themselves");
        assert!(revoked.contains("t", UserId::new(), 900));
    }
}
