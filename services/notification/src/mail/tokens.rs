//! The tokens of approval links: 256 bits that only we can make, kept as a hash.
//!
//! A token is derived from the message it stands in, so that a repeated attempt to send the same mail carries the same link, and no table
//! ever holds it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::config::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::store::MessageId;

/// The token in the mail of `message_id`.
pub fn token(secret: &Secret, message_id: MessageId) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"approval-link\0");
    mac.update(message_id.0.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// What is kept of it. Looking it up by hash leaks nothing about how close a guess was.
pub fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_stable_for_its_message_and_has_256_bits() {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let (one, other) = (MessageId::new(), MessageId::new());
        assert_eq!(token(&secret, one), token(&secret, one));
        assert_ne!(token(&secret, one), token(&secret, other));
        assert_eq!(URL_SAFE_NO_PAD.decode(token(&secret, one)).unwrap().len(), 32);
    }
}
