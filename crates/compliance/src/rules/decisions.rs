//! Decision records: where they are, and their numbers.

use crate::{config::Config, text::paths};

const FOLDERS: &[&str] = &[
    "docs/adr",
    "docs/adrs",
    "docs/decisions",
    "doc/adr",
    "docs/architecture/decisions",
    "docs/architecture/adr",
    "adr",
    "docs/ADR",
];

pub(super) fn is_record(path: &str, config: &Config) -> bool {
    let own = &config.words.decision_folders;
    let folder = paths::parent(path);
    let stem = paths::stem(path).to_ascii_lowercase();
    (FOLDERS.contains(&folder) || own.iter().any(|other| other.trim_end_matches('/') == folder))
        && !matches!(stem.as_str(), "readme" | "index" | "template" | "about")
        && !stem.contains("template")
}

/// The number at the start of a record's name: `0007-use-redis` or `ADR-007-use-redis`.
pub(super) fn number(path: &str) -> Option<u32> {
    let stem = paths::stem(path).to_ascii_lowercase();
    let stem = stem.strip_prefix("adr").map_or(stem.as_str(), |rest| rest.trim_start_matches(['-', '_']));
    let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
