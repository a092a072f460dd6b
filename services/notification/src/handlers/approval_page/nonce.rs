//! The nonce that ties a form to the page it was on: set as a cookie and written into the form, signed, with the time of the page in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::config::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

/// A person needs longer to read; a robot does not.
const SOONEST: Duration = Duration::seconds(2);
/// A page that lay open longer is loaded again.
const LATEST: Duration = Duration::hours(8);

/// Makes and checks nonces.
#[derive(Clone)]
pub struct Nonces(Hmac<Sha256>);

/// What a nonce says about a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A person had the page before them.
    Good,
    /// Within two seconds of the page.
    TooSoon,
    /// Not from our page, not from this browser, or too old.
    Wrong,
}

impl Nonces {
    /// Keyed with a secret of ours.
    pub fn new(secret: &Secret) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(b"approval-page\0");
        Self(mac)
    }

    /// A fresh nonce for the page of `token_hash`.
    pub fn make(&self, token_hash: &[u8], now: OffsetDateTime) -> String {
        let shown = now.unix_timestamp_nanos().to_string();
        let random = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>());
        let signature = self.sign(token_hash, &shown, &random);
        format!("{shown}.{random}.{signature}")
    }

    /// Checks the one from the form against the one from the cookie.
    pub fn check(&self, token_hash: &[u8], form: &str, cookie: &str, now: OffsetDateTime) -> Verdict {
        let mut parts = form.split('.');
        let (Some(shown), Some(random), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Verdict::Wrong;
        };
        let same = bool::from(form.as_bytes().ct_eq(cookie.as_bytes()));
        let ours = bool::from(self.sign(token_hash, shown, random).as_bytes().ct_eq(signature.as_bytes()));
        let shown = shown.parse().ok().and_then(|nanos| OffsetDateTime::from_unix_timestamp_nanos(nanos).ok());
        match shown {
            Some(shown) if same && ours && now - shown <= LATEST => {
                if now - shown < SOONEST {
                    Verdict::TooSoon
                } else {
                    Verdict::Good
                }
            }
            _ => Verdict::Wrong,
        }
    }

    fn sign(&self, token_hash: &[u8], shown: &str, random: &str) -> String {
        let mut mac = self.0.clone();
        for part in [token_hash, shown.as_bytes(), random.as_bytes()] {
            mac.update(part);
            mac.update(b"\0");
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_belongs_to_its_page_its_browser_and_its_time() {
        let nonces = Nonces::new(&Secret::new("0123456789abcdef0123456789abcdef"));
        let start = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let nonce = nonces.make(b"page", start);
        let check = |page: &[u8], form: &str, cookie: &str, after| nonces.check(page, form, cookie, start + after);
        assert_eq!(check(b"page", &nonce, &nonce, Duration::seconds(2)), Verdict::Good);
        assert_eq!(check(b"page", &nonce, &nonce, Duration::milliseconds(1999)), Verdict::TooSoon);
        assert_eq!(check(b"page", &nonce, &nonce, Duration::hours(9)), Verdict::Wrong);
        assert_eq!(check(b"other", &nonce, &nonce, Duration::seconds(5)), Verdict::Wrong);
        assert_eq!(check(b"page", &nonce, "", Duration::seconds(5)), Verdict::Wrong);
        assert_eq!(check(b"page", "1.2.3", "1.2.3", Duration::seconds(5)), Verdict::Wrong);
    }
}
