//! argon2id. Each hash takes some 30 ms of a core and 19 MiB, so only a few run at once, off the async threads.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use common::{Error, Result};
use tokio::sync::Semaphore;

/// Hashes at once.
const AT_ONCE: usize = 2;
/// Shorter ones are refused.
pub const MIN_LENGTH: usize = 10;
/// Longer ones too: hashing megabytes helps nobody.
pub const MAX_LENGTH: usize = 200;

/// Makes and checks hashes.
#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// Checked when there is no such user, so that the time to answer tells nothing.
    nobody: Arc<str>,
}

impl Passwords {
    /// With its slots free.
    pub fn new() -> Self {
        let nobody = hash_now("nobody has this password").expect("a fixed text can be hashed");
        Self { slots: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() }
    }

    /// The PHC string to keep.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let _slot = self.slots.acquire().await?;
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || hash_now(&password)).await?.map_err(Error::from)
    }

    /// Whether the password is the one. `None`: there is no such user, and it takes as long.
    pub async fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let _slot = self.slots.acquire().await?;
        let password = password.to_owned();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let right = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await?;
        Ok(right && known)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("cannot hash: {error}"))?;
    Ok(hash.to_string())
}

/// Refuses what is too easy to guess or too long to hash.
pub fn check_strength(password: &str) -> Result<()> {
    let length = password.chars().count();
    if (MIN_LENGTH..=MAX_LENGTH).contains(&length) {
        return Ok(());
    }
    Err(Error::unprocessable("weak_password", "The password does not fit")
        .with_field("password", format!("must have {MIN_LENGTH} to {MAX_LENGTH} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_matches() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.matches("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("wrong horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("nobody has this password", None).await.unwrap());
        assert!(!passwords.matches("x", Some("not a hash")).await.unwrap());
    }
}
