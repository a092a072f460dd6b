//! The signature of a webhook: HMAC-SHA256 over the bytes exactly as they came.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Why a delivery is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not there.
    #[error("the header `X-Hub-Signature-256` is missing; set a secret on the webhook")]
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    #[error("the header `X-Hub-Signature-256` is not `sha256=` followed by 64 hexadecimal digits")]
    Malformed,
    /// Another secret, or other bytes.
    #[error("the signature does not belong to this body and our secret")]
    Mismatch,
}

/// Check `header` (the value of `X-Hub-Signature-256`) against `body`. Takes as long for a near miss as for a far one.
pub fn verify(secret: &[u8], body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let digits = header.trim().strip_prefix("sha256=").ok_or(SignatureError::Malformed)?;
    if digits.len() != 64 {
        return Err(SignatureError::Malformed);
    }
    let claimed = hex::decode(digits).map_err(|_| SignatureError::Malformed)?;
    keyed(secret, body).verify_slice(&claimed).map_err(|_| SignatureError::Mismatch)
}

/// The header value that GitHub would send for `body`.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    format!("sha256={}", hex::encode(keyed(secret, body).finalize().into_bytes()))
}

fn keyed(secret: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const PUBLISHED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_published_vector_is_accepted_and_made() {
        assert_eq!(verify(SECRET, BODY, Some(PUBLISHED)), Ok(()));
        assert_eq!(sign(SECRET, BODY), PUBLISHED);
    }

    #[test]
    fn one_changed_byte_or_another_secret_is_refused() {
        assert_eq!(verify(SECRET, b"Hello, World?", Some(PUBLISHED)), Err(SignatureError::Mismatch));
        assert_eq!(verify(b"another", BODY, Some(PUBLISHED)), Err(SignatureError::Mismatch));
    }

    #[test]
    fn missing_and_malformed_headers_are_told_apart() {
        assert_eq!(verify(SECRET, BODY, None), Err(SignatureError::Missing));
        for bad in
            ["", "sha256=", "sha1=757107ea", "sha256=zz", &PUBLISHED[..70], &format!("sha256={}", "g".repeat(64))]
        {
            assert_eq!(verify(SECRET, BODY, Some(bad)), Err(SignatureError::Malformed), "{bad}");
        }
    }
}
