//! Keeps secrets and people's addresses out of what leaves the process for others to read: log lines, traces, stored errors.
//!
//! Three nets, from the surest to the widest: the values of our own settings, wherever they turn up; names whose value nobody should see; and
//! the shapes of well-known tokens, links and addresses. Most texts hold nothing of the kind, so one pass over a text decides which of the
//! shapes are looked for at all.

mod names;
mod patterns;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};

pub use names::mask_of;

/// What stands where a secret stood.
pub const SECRET: &str = "[secret]";

/// A shorter value would be found in innocent words.
const SHORTEST: usize = 8;

static MASK_ADDRESSES: AtomicBool = AtomicBool::new(false);
static REGISTERED: LazyLock<RwLock<Registered>> = LazyLock::new(RwLock::default);

#[derive(Default)]
struct Registered {
    values: BTreeSet<String>,
    automaton: Option<Arc<AhoCorasick>>,
}

/// Has a secret masked, and each line of it: a file that is being rotated holds several.
pub fn register_lines(secret: &str) {
    register(secret);
    let lines =
        secret.lines().map(str::trim).filter(|line| line.len() >= 8 && *line != secret && !line.starts_with("-----"));
    lines.for_each(register);
}

/// Has a value masked wherever it turns up from now on, also as it looks in JSON, in a URL and in base64. Of a URL, also its password.
/// `config::Reader` does it for every secret it reads.
pub fn register(secret: &str) {
    let mut values = forms_of(secret);
    if let Ok(url) = url::Url::parse(secret)
        && let Some(password) = url.password()
        && password != url.username()
    {
        values.extend(forms_of(password));
        let decoded = percent_decoded(password);
        values.extend(forms_of(&decoded));
    }
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    let before = registered.values.len();
    registered.values.extend(values);
    if registered.values.len() > before {
        registered.automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&registered.values)
            .map(Arc::new)
            .inspect_err(|error| tracing::error!(%error, "the secrets to hide cannot be indexed"))
            .ok();
    }
}

/// Whether public IP addresses are masked too; off unless a setting asks for it, as they are what tells an attack from a mistake.
pub fn mask_ip_addresses(yes: bool) {
    MASK_ADDRESSES.store(yes, Ordering::Relaxed);
}

/// The text without secrets and without what tells who a person is.
pub fn scrub(text: &str) -> Cow<'_, str> {
    pass(text, true)
}

/// The text without secrets. What a person wrote or is asked about stays: for answers to that very person.
pub fn secrets(text: &str) -> Cow<'_, str> {
    pass(text, false)
}

fn pass(text: &str, people: bool) -> Cow<'_, str> {
    let text = without_registered(text);
    match patterns::replace(&text, people, people && MASK_ADDRESSES.load(Ordering::Relaxed)) {
        Some(changed) => Cow::Owned(changed),
        None => text,
    }
}

fn without_registered(text: &str) -> Cow<'_, str> {
    let automaton = REGISTERED.read().unwrap_or_else(PoisonError::into_inner).automaton.clone();
    match automaton {
        Some(automaton) if automaton.is_match(text) => {
            let mut changed = String::with_capacity(text.len());
            automaton.replace_all_with(text, &mut changed, |_, _, into| {
                into.push_str(SECRET);
                true
            });
            Cow::Owned(changed)
        }
        _ => Cow::Borrowed(text),
    }
}

/// A value as it is, and as it looks inside other formats.
fn forms_of(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
    let secret = secret.trim();
    if secret.chars().count() < SHORTEST {
        return Vec::new();
    }
    let json = serde_json::to_string(secret).unwrap_or_default();
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        encoded.replace('+', "%20"),
        encoded,
        BASE64_STANDARD_NO_PAD.encode(secret),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
    ];
    // Of a key in several lines, each line that is not a mere frame.
    if secret.contains('\n') {
        forms.extend(
            secret.lines().map(str::trim).filter(|l| l.len() >= 16 && !l.starts_with("-----")).map(str::to_owned),
        );
    }
    forms
}

fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
