//! Decision records: where they are, and their numbers.

use crate::{markdown::Document, project::Project, text::paths};

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

pub(super) fn records<'p>(project: &'p Project<'_>) -> impl Iterator<Item = &'p Document> {
    let own = &project.config.words.decision_folders;
    project.facts.documents.iter().filter(move |document| {
        let folder = paths::parent(&document.path);
        let stem = paths::stem(&document.path).to_ascii_lowercase();
        (FOLDERS.contains(&folder) || own.iter().any(|other| other.trim_end_matches('/') == folder))
            && !matches!(stem.as_str(), "readme" | "index" | "template" | "about")
            && !stem.contains("template")
    })
}

/// The number at the start of a record's name: `0007-use-redis` or `ADR-007-use-redis`.
pub(super) fn number(document: &Document) -> Option<u32> {
    let stem = paths::stem(&document.path).to_ascii_lowercase();
    let stem = stem.strip_prefix("adr").map_or(stem.as_str(), |rest| rest.trim_start_matches(['-', '_']));
    let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
