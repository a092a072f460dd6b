//! The shapes of tokens, links and addresses.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use regex::{Captures, Regex};

use super::SECRET;

/// One shape: the words without which it cannot occur, and what is done about it.
struct Rule {
    /// Lower case; the search does not look at case.
    triggers: &'static [&'static str],
    /// About a person rather than a secret.
    person: bool,
    regex: LazyLock<Regex>,
    replace: fn(&Captures<'_>) -> Option<String>,
}

macro_rules! rule {
    ($triggers:expr, $person:expr, $regex:expr, $replace:expr) => {
        Rule {
            triggers: &$triggers,
            person: $person,
            regex: LazyLock::new(|| Regex::new($regex).expect("the pattern is tested")),
            replace: $replace,
        }
    };
}

/// In this order: what holds others comes first.
static RULES: [Rule; 14] = [
    rule!(
        ["private key-----"],
        false,
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
        |_| Some(SECRET.to_owned())
    ),
    // Userinfo of a URL. A raw `@` in the password belongs to it, so the last one counts.
    rule!(["://"], false, r#"([A-Za-z][A-Za-z0-9+.\-]*://)[^\s/?#"'<>\\]+@"#, |found| Some(format!(
        "{}{SECRET}@",
        &found[1]
    ))),
    rule!(["eyj"], false, r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", |_| Some(SECRET.to_owned())),
    // Tokens that say themselves what they are: GitHub, Cursor, GitLab, npm, Slack, AWS, OpenAI and others alike.
    rule!(
        [
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "crsr_",
            "key_",
            "glpat-",
            "npm_",
            "xox",
            "akia",
            "sk-"
        ],
        false,
        r"\b(?:gh[pousr]_[A-Za-z0-9_.-]{16,}|github_pat_[A-Za-z0-9_]{16,}|crsr_[A-Za-z0-9_-]{6,}|key_[0-9a-f]{32,}|glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}|xox[abeprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|sk-[A-Za-z0-9_-]{20,})",
        |_| Some(SECRET.to_owned())
    ),
    // A bot's token, also in the path of its API: `/bot123456789:AAE…/sendMessage`.
    rule!([":"], false, r"\b(bot)?\d{6,12}:[A-Za-z0-9_-]{30,}", |found| Some(format!(
        "{}{SECRET}",
        found.get(1).map_or("", |m| m.as_str())
    ))),
    rule!(["bearer", "basic"], false, r"(?i)\b(bearer|basic)(\s+|%20)([A-Za-z0-9._~+/-]{8,}=*)", credentials),
    rule!(
        ["authorization", "cookie", "x-api-key", "x-qp-token", "x-qp-identity", "secret-token", "x-hub-signature"],
        false,
        r#"(?i)\b(authorization|(?:set-)?cookie|x-api-key|x-qp-token|x-qp-identity|x-telegram-bot-api-secret-token|x-hub-signature(?:-256)?)(\\?["']?\s*[:=,]\s*(?:Some\()?\\?["']?)([^"'\r\n\\)]+)"#,
        |found| Some(format!("{}{}{SECRET}", &found[1], &found[2]))
    ),
    rule!(
        [
            "passw",
            "passphrase",
            "pwd",
            "secret",
            "token",
            "api_key",
            "api-key",
            "apikey",
            "private_key",
            "signature",
            "credential",
            "nonce"
        ],
        false,
        // `name=value`, and `"name": "value"` as in JSON and in debug output, quotes escaped or not.
        r#"(?i)((?:[a-z0-9]+[_-])*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|signature|credentials?|nonce)\\?["']?)(\s*=\s*\\?["']?|\s*:\s*(?:[A-Za-z]+\()*\\?["'])([^\s"'&;,\\)]+)"#,
        |found| Some(format!("{}{}{SECRET}", &found[1], &found[2]))
    ),
    // The links in mails: whoever has one may answer.
    rule!(["/a/"], false, r"/a/[A-Za-z0-9_-]{32,}", |_| Some(format!("/a/{SECRET}"))),
    rule!(
        ["@", "%40"],
        true,
        r"[\p{L}\p{N}._%+'\-]+?(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}",
        |found| { (!found[0].starts_with("git@")).then(|| "[email]".to_owned()) }
    ),
    // A handle; not a package such as `@scope/name`.
    rule!(["@"], true, r"\B@([A-Za-z][A-Za-z0-9_]{4,31})\b(/?)", |found| {
        found[2].is_empty().then(|| "@[telegram]".to_owned())
    }),
    rule!(["t.me/"], true, r"\bt\.me/\+?[A-Za-z0-9_]{3,}", |_| Some("t.me/[telegram]".to_owned())),
    rule!(
        ["chat", "telegram", "from"],
        true,
        r#"(?i)\b(chat[_ ]?id|chat\.id|telegram[_ ](?:user[_ ])?id|from[_.]id|chat\\?":\s*\{\s*\\?"id|from\\?":\s*\{\s*\\?"id)(\\?["'`]?\s*[:=]?\s*(?:Some\(|ChatId\(|UserId\()*[`"]?)-?\d{4,}"#,
        |found| Some(format!("{}{}[telegram]", &found[1], &found[2]))
    ),
    rule!(
        ["+", "(", "-", "tel"],
        true,
        r"(?:\+|%2[Bb]|\btel:)\d(?:[ ().-]{0,2}\d){7,14}\b|\(\d{3}\) ?\d{3}[ -]\d{4}\b|\b\d{3}[-.]\d{3}[-.]\d{4}\b",
        |_| Some("[phone]".to_owned())
    ),
];

static TRIGGERS: LazyLock<(AhoCorasick, Vec<u32>)> = LazyLock::new(|| {
    let words: Vec<&str> = RULES.iter().flat_map(|rule| rule.triggers.iter().copied()).collect();
    let rule_of =
        RULES.iter().enumerate().flat_map(|(index, rule)| rule.triggers.iter().map(move |_| 1_u32 << index)).collect();
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("the words are few");
    (automaton, rule_of)
});

static IP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|(?i)(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})+|(?:[0-9a-f]{1,4}:){1,7}:")
        .expect("the pattern is tested")
});

/// `Bearer` and `Basic` are words of prose as well: what follows must look like credentials.
fn credentials(found: &Captures<'_>) -> Option<String> {
    let (scheme, value) = (&found[1], &found[3]);
    let looks_so = if scheme.eq_ignore_ascii_case("basic") {
        let padded = format!("{value}{}", "=".repeat((4 - value.len() % 4) % 4));
        BASE64_STANDARD.decode(padded).is_ok_and(|bytes| bytes.contains(&b':'))
    } else {
        value.len() >= 20 || value.bytes().any(|b| b.is_ascii_digit())
    };
    looks_so.then(|| format!("{scheme}{}{SECRET}", &found[2]))
}

/// The text with every shape masked; `None` when there is none.
pub(super) fn replace(text: &str, people: bool, addresses: bool) -> Option<String> {
    let (automaton, rule_of) = &*TRIGGERS;
    let mut due = 0_u32;
    for found in automaton.find_overlapping_iter(text) {
        due |= rule_of[found.pattern().as_usize()];
    }
    let mut current = Cow::Borrowed(text);
    for (index, rule) in RULES.iter().enumerate() {
        if due & (1 << index) != 0 && (people || !rule.person) {
            let changed = apply(&current, &rule.regex, rule.replace);
            if let Some(changed) = changed {
                current = Cow::Owned(changed);
            }
        }
    }
    if addresses && let Some(changed) = apply(&current, &IP, mask_ip) {
        current = Cow::Owned(changed);
    }
    match current {
        Cow::Owned(changed) => Some(changed),
        Cow::Borrowed(_) => None,
    }
}

fn apply(text: &str, regex: &Regex, replace: fn(&Captures<'_>) -> Option<String>) -> Option<String> {
    let mut changed: Option<String> = None;
    let mut copied = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        let Some(replacement) = replace(&found) else { continue };
        let into = changed.get_or_insert_with(|| String::with_capacity(text.len()));
        into.push_str(&text[copied..whole.start()]);
        into.push_str(&replacement);
        copied = whole.end();
    }
    let mut changed = changed?;
    changed.push_str(&text[copied..]);
    Some(changed)
}

/// Addresses of our own networks stay: they are of machines.
fn mask_ip(found: &Captures<'_>) -> Option<String> {
    let text = &found[0];
    let ours = if let Ok(v4) = text.parse::<Ipv4Addr>() {
        v4.is_private() || v4.is_loopback() || v4.is_unspecified() || v4.is_link_local()
    } else if let Ok(v6) = text.parse::<Ipv6Addr>() {
        v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
    } else {
        true // looks like one, such as a time or a version
    };
    (!ours).then(|| "[ip]".to_owned())
}
