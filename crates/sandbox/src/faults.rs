//! Switches that make a stand-in fail next, for tests and for people who want to see what happens.
//!
//! Faults of the HTTP surfaces ([`Kind::Delay`], [`Kind::Status`], [`Kind::RateLimit`], [`Kind::Drop`]) are applied
//! in front of the routers by the server. The others are asked for by the stand-in at the moment they matter, with
//! [`Faults::take`].

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::context::Change;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    Github,
    Telegram,
    Cursor,
    Smtp,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Answer, but late.
    Delay { milliseconds: u64 },
    /// Answer with this status (HTTP) or reply code (SMTP).
    Status { status: u16 },
    /// Too many requests: come back after so many seconds.
    RateLimit { retry_after_seconds: u64 },
    /// Close the connection without an answer.
    Drop,
    /// Do what was asked, then close the connection without an answer.
    DropAfter,
    /// Deliver each webhook once more, with the same delivery id.
    DuplicateWebhook,
    /// The agent's last message holds no valid answer.
    InvalidAnswer,
    /// The agent finishes without pushing a branch.
    NoBranch,
    /// The agent never finishes.
    Stall,
}

/// The name of a [`Kind`], for asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindName {
    Delay,
    Status,
    RateLimit,
    Drop,
    DropAfter,
    DuplicateWebhook,
    InvalidAnswer,
    NoBranch,
    Stall,
}

impl Kind {
    pub fn name(&self) -> KindName {
        match self {
            Self::Delay { .. } => KindName::Delay,
            Self::Status { .. } => KindName::Status,
            Self::RateLimit { .. } => KindName::RateLimit,
            Self::Drop => KindName::Drop,
            Self::DropAfter => KindName::DropAfter,
            Self::DuplicateWebhook => KindName::DuplicateWebhook,
            Self::InvalidAnswer => KindName::InvalidAnswer,
            Self::NoBranch => KindName::NoBranch,
            Self::Stall => KindName::Stall,
        }
    }
}

/// A switch to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFault {
    pub surface: Surface,
    /// Which calls: `*` stands for anything, as in `PUT /repos/*/merge`. None: all of the surface.
    #[serde(default)]
    pub route: Option<String>,
    #[serde(flatten)]
    pub kind: Kind,
    /// How often; none: until it is cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

impl NewFault {
    /// A fault of a whole surface that happens once.
    pub fn once(surface: Surface, kind: Kind) -> Self {
        Self { surface, route: None, kind, times: Some(1) }
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn until_cleared(mut self) -> Self {
        self.times = None;
        self
    }

    #[must_use]
    pub fn on(mut self, route: &str) -> Self {
        self.route = Some(route.to_owned());
        self
    }
}

/// A switch that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub id: u64,
    #[serde(flatten)]
    pub fault: NewFault,
    /// How often it has struck.
    pub struck: u32,
}

impl Fault {
    fn is_spent(&self) -> bool {
        self.fault.times.is_some_and(|times| self.struck >= times)
    }
}

/// All switches; cheap to clone.
#[derive(Debug, Clone)]
pub struct Faults {
    list: Arc<Mutex<Vec<Fault>>>,
    changes: broadcast::Sender<Change>,
}

impl Faults {
    pub(crate) fn new(changes: broadcast::Sender<Change>) -> Self {
        Self { list: Arc::default(), changes }
    }

    pub fn add(&self, fault: NewFault) -> Fault {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let id = list.iter().map(|fault| fault.id).max().unwrap_or(0) + 1;
        let fault = Fault { id, fault, struck: 0 };
        list.push(fault.clone());
        drop(list);
        let _ = self.changes.send(Change::Faults);
        fault
    }

    /// Every switch since the last clearing, spent ones too.
    pub fn list(&self) -> Vec<Fault> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there was such a switch.
    pub fn clear(&self, id: u64) -> bool {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let before = list.len();
        list.retain(|fault| fault.id != id);
        let found = list.len() < before;
        drop(list);
        let _ = self.changes.send(Change::Faults);
        found
    }

    pub fn clear_all(&self) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let _ = self.changes.send(Change::Faults);
    }

    /// Use up one strike of the first matching switch. `route` is what the surface calls its calls:
    /// `GET /path` for HTTP, the command for SMTP, `role/task` for agents.
    pub fn take(&self, surface: Surface, name: KindName, route: &str) -> Option<Kind> {
        self.take_if(surface, route, |kind| kind.name() == name)
    }

    /// The same for any kind that `wanted` accepts.
    pub fn take_if(&self, surface: Surface, route: &str, wanted: impl Fn(&Kind) -> bool) -> Option<Kind> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = list.iter_mut().find(|fault| {
            !fault.is_spent()
                && fault.fault.surface == surface
                && wanted(&fault.fault.kind)
                && fault.fault.route.as_deref().is_none_or(|pattern| matches(pattern, route))
        })?;
        fault.struck += 1;
        let kind = fault.fault.kind.clone();
        drop(list);
        let _ = self.changes.send(Change::Faults);
        Some(kind)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any number of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(first) else {
        return false;
    };
    // The star may swallow any start of the rest.
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(others, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("GET /user", "GET /user"));
        assert!(!matches("GET /user", "GET /users"));
        assert!(matches("PUT /repos/*/merge", "PUT /repos/demo/todo/pulls/1/merge"));
        assert!(!matches("PUT /repos/*/merge", "PUT /repos/demo/todo/pulls/1/merges"));
        assert!(matches("* /repos/*", "POST /repos/demo/todo/pulls"));
        assert!(matches("*merge", "PUT /merge/1/merge"));
        assert!(!matches("GET *", "POST /user"));
    }

    #[test]
    fn a_switch_strikes_as_often_as_it_says() {
        let faults = Faults::new(broadcast::channel(1).0);
        faults.add(NewFault::once(Surface::Github, Kind::Status { status: 502 }).times(2).on("GET *"));
        let strike = |route| faults.take(Surface::Github, KindName::Status, route);
        assert_eq!(strike("POST /user"), None);
        assert_eq!(strike("GET /user"), Some(Kind::Status { status: 502 }));
        assert_eq!(strike("GET /user"), Some(Kind::Status { status: 502 }));
        assert_eq!(strike("GET /user"), None);
        assert_eq!(faults.list()[0].struck, 2);
    }
}
