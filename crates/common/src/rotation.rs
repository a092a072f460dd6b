//! Secrets that change while a process runs: what is made from a secret's file is made anew when the file changes.
//!
//! A file is replaced whole (`quantapilot init --rotate`), so what is read is the old text or the new, never half of one.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::config::Secret;

/// How long a file is not looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// So long after a change everybody who reads the file goes by the new text, and what was signed by the old one has arrived: the time until the
/// next look, and a few seconds for a call that was under way.
pub const SEEN_AFTER: Duration = LOOK_EVERY.saturating_add(Duration::from_secs(5));

/// Something that is made from a secret. Without a file it never changes.
pub struct Rotating<T> {
    secret: Secret,
    make: Make<T>,
    state: RwLock<State<T>>,
}

type Make<T> = Box<dyn Fn(&str) -> anyhow::Result<T> + Send + Sync>;

struct State<T> {
    value: Arc<T>,
    /// What tells one version of the file from another.
    version: Option<Version>,
    looked_at: Instant,
}

type Version = (u64, i64, i64, u64);

impl<T> Rotating<T> {
    /// Makes the first value; that it can be made is the caller's business at start.
    pub fn new(
        secret: &Secret,
        make: impl Fn(&str) -> anyhow::Result<T> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        // Before the text: a change in between is then seen at the next look.
        let version = secret.file().and_then(version);
        let value = Arc::new(make(secret.expose())?);
        let state = RwLock::new(State { value, version, looked_at: Instant::now() });
        Ok(Self { secret: secret.clone(), make: Box::new(make), state })
    }

    /// The value as of a second ago or less.
    pub fn current(&self) -> Arc<T> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if self.secret.file().is_none() || state.looked_at.elapsed() < LOOK_EVERY {
            return Arc::clone(&state.value);
        }
        let known = Arc::clone(&state.value);
        drop(state);
        self.reread(&known).unwrap_or(known)
    }

    /// Looks at the file now; a value other than `known`, if there is one. For whoever met something that `known` does not explain: somebody
    /// else may have read the changed file since it was asked for.
    pub fn reread(&self, known: &Arc<T>) -> Option<Arc<T>> {
        self.look();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        (!Arc::ptr_eq(&state.value, known)).then(|| Arc::clone(&state.value))
    }

    fn look(&self) {
        let Some(file) = self.secret.file() else { return };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let now = version(file);
        state.looked_at = Instant::now();
        if now == state.version || now.is_none() {
            return; // a file that is away for a moment takes nothing from us
        }
        state.version = now;
        let made = std::fs::read_to_string(file).map_err(anyhow::Error::from).and_then(|text| {
            crate::scrub::register_lines(text.trim_end());
            (self.make)(text.trim_end())
        });
        match made {
            Ok(value) => {
                state.value = Arc::new(value);
                tracing::info!(file = %file.display(), "read a secret again because its file changed");
            }
            Err(error) => {
                tracing::error!(file = %file.display(), error = %format!("{error:#}"), "a changed secret is not usable; the one before stays in use");
            }
        }
    }
}

fn version(file: &std::path::Path) -> Option<Version> {
    let of = |file: Metadata| (file.ino(), file.mtime(), file.mtime_nsec(), file.len());
    file.metadata().ok().map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reader;

    fn of_file(path: &std::path::Path) -> Secret {
        let path = path.display().to_string();
        let mut env = Reader::from_lookup(move |name| (name == "X_FILE").then(|| path.clone()));
        env.optional_secret("X").unwrap()
    }

    #[test]
    fn a_changed_file_counts_and_a_broken_one_does_not() {
        let path = std::env::temp_dir().join(format!("qp-rotation-{}", uuid::Uuid::now_v7()));
        std::fs::write(&path, "one\n").unwrap();
        let number = Rotating::new(&of_file(&path), |text| {
            anyhow::ensure!(!text.contains("bad"), "not usable");
            Ok(text.to_owned())
        })
        .unwrap();
        let first = number.current();
        assert_eq!(*first, "one");
        assert!(number.reread(&first).is_none(), "nothing changed");
        std::fs::write(&path, "second").unwrap();
        let second = number.reread(&first).unwrap();
        assert_eq!(*second, "second");
        assert_eq!(
            number.reread(&first),
            Some(Arc::clone(&second)),
            "whoever still holds the first gets the second too"
        );
        std::fs::write(&path, "bad text").unwrap();
        assert!(number.reread(&second).is_none());
        assert_eq!(*number.current(), "second", "the one before stays in use");
        std::fs::remove_file(&path).unwrap();
        assert!(number.reread(&second).is_none());
        assert_eq!(*number.current(), "second");
    }

    #[test]
    fn without_a_file_nothing_is_read() {
        let fixed = Rotating::new(&Secret::new("text"), |text| Ok(text.len())).unwrap();
        let value = fixed.current();
        assert_eq!(*value, 4);
        assert!(fixed.reread(&value).is_none());
    }
}
