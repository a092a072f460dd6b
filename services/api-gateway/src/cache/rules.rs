//! What may be kept (RFC 9111).

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::proxy::headers::elements;
use crate::table::CacheRule;

/// Longer than this nothing is kept, whatever it says of itself.
const LONGEST_SECONDS: u64 = 24 * 3600;

/// The directives of `Cache-Control` that matter here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) max_age: Option<u64>,
    pub(super) shared_max_age: Option<u64>,
}

/// Reads `Cache-Control`. A number that is none counts as 0.
pub(super) fn directives(headers: &HeaderMap) -> Directives {
    let mut found = Directives::default();
    for directive in elements(headers, header::CACHE_CONTROL, ',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = || Some(value.trim_matches('"').parse().unwrap_or(0));
        match name.to_ascii_lowercase().as_str() {
            "no-store" => found.no_store = true,
            "no-cache" => found.no_cache = true,
            "private" => found.private = true,
            "max-age" => found.max_age = seconds(),
            "s-maxage" => found.shared_max_age = seconds(),
            _ => {}
        }
    }
    found
}

/// How an answer may be kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) seconds: u64,
    /// Lower-case names, sorted.
    pub(super) vary: Vec<String>,
    pub(super) tags: Vec<String>,
}

/// `None` when it may not.
pub(super) fn keeps<B>(response: &Response<B>, rule: CacheRule) -> Option<Kept> {
    let headers = response.headers();
    let said = directives(headers);
    if response.status() != StatusCode::OK || said.no_store || said.no_cache || (said.private && !rule.per_user) {
        return None;
    }
    if headers.contains_key(header::SET_COOKIE) || headers.contains_key(header::CONTENT_RANGE) {
        return None;
    }
    let shared = said.shared_max_age.filter(|_| !rule.per_user);
    let seconds = shared.or(said.max_age).unwrap_or(u64::from(rule.seconds)).min(LONGEST_SECONDS);
    if seconds == 0 {
        return None;
    }
    let mut vary = words(headers, header::VARY.as_str(), ',');
    if vary.iter().any(|name| name == "*") {
        return None;
    }
    vary.sort();
    vary.dedup();
    Some(Kept { seconds, vary, tags: words(headers, "surrogate-key", ' ') })
}

fn words(headers: &HeaderMap, name: &str, separator: char) -> Vec<String> {
    elements(headers, name, separator).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// Whether `If-None-Match` names this tag; weakly compared, as GET asks for.
pub(super) fn matches(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (known.to_str(), etag.to_str()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|tag| opaque(tag) == opaque(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: CacheRule = CacheRule { seconds: 10, per_user: false, max_bytes: 1000 };

    fn kept(pairs: &[(&str, &str)], rule: CacheRule) -> Option<Kept> {
        let mut response = Response::builder();
        for (name, value) in pairs {
            response = response.header(*name, *value);
        }
        keeps(&response.body(()).unwrap(), rule)
    }

    #[test]
    fn an_answer_says_for_how_long() {
        let seconds = |pairs: &[(&str, &str)]| kept(pairs, RULE).map(|kept| kept.seconds);
        assert_eq!(seconds(&[]), Some(10));
        assert_eq!(seconds(&[("cache-control", "public, max-age=60")]), Some(60));
        assert_eq!(seconds(&[("cache-control", "max-age=60, s-maxage=5")]), Some(5));
        assert_eq!(seconds(&[("cache-control", "max-age=99999999")]), Some(LONGEST_SECONDS));
        for never in ["no-store", "no-cache", "private", "max-age=0", "max-age=x", "s-maxage=0, max-age=9"] {
            assert_eq!(seconds(&[("cache-control", never)]), None, "{never}");
        }
        assert_eq!(seconds(&[("set-cookie", "a=b")]), None);
        assert_eq!(seconds(&[("vary", "*")]), None);
        let own = CacheRule { per_user: true, ..RULE };
        assert_eq!(kept(&[("cache-control", "private, max-age=7")], own).map(|kept| kept.seconds), Some(7));
    }

    #[test]
    fn tags_and_variants_are_read() {
        let kept = kept(&[("vary", "Accept-Language, accept"), ("surrogate-key", "projects project:7")], RULE).unwrap();
        assert_eq!(kept.vary, ["accept", "accept-language"]);
        assert_eq!(kept.tags, ["projects", "project:7"]);
    }

    #[test]
    fn conditions_compare_weakly() {
        let value = |text: &'static str| HeaderValue::from_static(text);
        assert!(matches(&value("W/\"a\", \"b\""), &value("\"a\"")));
        assert!(matches(&value("*"), &value("\"a\"")));
        assert!(!matches(&value("\"c\""), &value("\"a\"")));
    }
}
