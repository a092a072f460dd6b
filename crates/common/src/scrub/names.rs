//! Names whose value nobody should see, as fields of a log line or attributes of a trace.

use super::SECRET;

/// What stands where an address of a person stood.
const PERSON: &str = "[person]";

/// What a field of this name shows instead of its value; `None`: the value, scrubbed.
///
/// The last part of a dotted name counts: `smtp.password` is a password. A count such as `tokens` is none.
pub fn mask_of(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is = |word: &str| {
        last.len() == word.len()
            && last.bytes().zip(word.bytes()).all(|(a, b)| a.to_ascii_lowercase() == b || (a == b'-' && b == b'_'))
    };
    let ends = |word: &str| {
        last.len() > word.len()
            && last.as_bytes()[last.len() - word.len()..]
                .iter()
                .zip(word.bytes())
                .all(|(a, b)| a.to_ascii_lowercase() == b)
    };
    if SECRET_NAMES.iter().any(|word| is(word)) || SECRET_ENDINGS.iter().any(|word| ends(word)) {
        return Some(SECRET);
    }
    (PERSON_NAMES.iter().any(|word| is(word)) || name.ends_with("chat.id")).then_some(PERSON)
}

const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "proxy_authorization",
    "cookie",
    "set_cookie",
    "api_key",
    "apikey",
    "private_key",
    "signature",
    "credentials",
    "resume_url",
];

const SECRET_ENDINGS: &[&str] =
    &["_password", "_secret", "_token", "_api_key", "_private_key", "-token", "-secret", "-api-key"];

const PERSON_NAMES: &[&str] =
    &["email", "e_mail", "phone", "chat_id", "telegram_user_id", "telegram_id", "telegram_username", "from_id"];
