//! Credentials in the folder `SECRETS_DIR`: people put files there and take them away while the service runs.
//!
//! Which credentials there are decides how a whole service is put together, so a change is not taken up in place: the service ends as
//! after a signal, and whoever keeps it running (Compose, Kubernetes, systemd) starts it again with what the folder holds then.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Secret;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What was looked for in the folder, and found or not.
#[derive(Clone, Debug, Default)]
pub struct CredentialFiles {
    files: Vec<(PathBuf, Option<Secret>)>,
}

impl CredentialFiles {
    /// Reads a file and remembers what it held. A file that is missing or empty holds nothing.
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<Option<Secret>> {
        let found = text(path)?.map(|text| Secret::of_file(&text, &path.display().to_string()));
        self.files.push((path.to_owned(), found.clone()));
        Ok(found)
    }

    /// Takes out one that is read again while the process runs.
    pub(crate) fn leave_out(&mut self, secret: &Secret) {
        self.files.retain(|(path, _)| Some(path.as_path()) != secret.file());
    }

    /// Cancels `stop` when a file is not what it was. Ends when `stop` is cancelled.
    pub async fn watch(&self, stop: CancellationToken) -> anyhow::Result<()> {
        while !self.files.is_empty() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if let Some(file) = self.changed() {
                tracing::warn!(file = %file.display(), "a credential changed: stopping, to be started again with it");
                stop.cancel();
            }
        }
        Ok(())
    }

    /// The first file that is not what it was. One that cannot be read for the moment is left for the next look.
    fn changed(&self) -> Option<&Path> {
        let is_other = |path: &Path, was: Option<&Secret>| {
            text(path).is_ok_and(|now| now.as_deref().map(str::trim_end) != was.map(Secret::expose))
        };
        self.files.iter().find(|(path, was)| is_other(path, was.as_ref())).map(|(path, _)| path.as_path())
    }
}

fn text(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reader;

    /// A file of a test, removed with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("quantapilot-credentials-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_credential_that_comes_changes_or_goes_is_noticed() {
        let folder = Folder::new("steps");
        let (at, file) = (folder.0.display().to_string(), folder.0.join("cursor_api_key"));
        let read = || {
            let at = at.clone();
            let mut env = Reader::from_lookup(move |name| (name == "SECRETS_DIR").then(|| at.clone()));
            let key = env.optional_secret("CURSOR_API_KEY");
            (key.map(|key| key.expose().to_owned()), env.finish().unwrap())
        };
        for text in [Some("crsr_one\n"), Some("crsr_two"), None] {
            let (_, credentials) = read();
            assert_eq!(credentials.changed(), None);
            match text {
                Some(text) => std::fs::write(&file, text).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            assert_eq!(credentials.changed(), Some(file.as_path()));
            assert_eq!(read().0.as_deref(), text.map(str::trim_end));
        }
    }

    #[test]
    fn a_secret_that_is_rotated_in_place_ends_nothing() {
        let folder = Folder::new("rotating");
        for name in ["service_token_secret", "github_webhook_secret"] {
            std::fs::write(folder.0.join(name), "0123456789abcdef0123456789abcdef").unwrap();
        }
        let at = folder.0.display().to_string();
        let mut env = Reader::from_lookup(move |name| (name == "SECRETS_DIR").then(|| at.clone()));
        env.rotating_secret("SERVICE_TOKEN_SECRET", 32);
        env.optional_rotating_secret("GITHUB_WEBHOOK_SECRET", 16);
        let credentials = env.finish().unwrap();
        std::fs::write(folder.0.join("service_token_secret"), "fedcba9876543210fedcba9876543210").unwrap();
        std::fs::remove_file(folder.0.join("github_webhook_secret")).unwrap();
        assert_eq!(credentials.changed(), None);
    }

    #[test]
    fn the_same_text_in_a_new_file_changes_nothing() {
        let folder = Folder::new("same");
        let file = folder.0.join("github_token");
        std::fs::write(&file, "token").unwrap();
        let mut credentials = CredentialFiles::default();
        credentials.read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "token\n").unwrap();
        assert_eq!(credentials.changed(), None);
    }

    #[tokio::test]
    async fn without_a_folder_there_is_nothing_to_watch() {
        let stop = CancellationToken::new();
        CredentialFiles::default().watch(stop.clone()).await.unwrap();
        assert!(!stop.is_cancelled());
    }
}
