//! A changelog as a list of releases.

use crate::{
    markdown::Document,
    project::Project,
    rule::Sink,
    text::{paths, plain},
};

pub(super) struct Release<'a> {
    /// Without `v` and brackets.
    pub(super) version: String,
    pub(super) date: Option<String>,
    pub(super) line: u32,
    pub(super) text: &'a str,
    pub(super) index: usize,
}

pub(super) fn document<'p>(project: &'p Project<'_>) -> Option<&'p Document> {
    ["changelog", "changes", "history"].iter().find_map(|stem| {
        project
            .documents
            .front
            .iter()
            .find(|document| !document.path.contains('/') && paths::stem(&document.path).eq_ignore_ascii_case(stem))
    })
}

/// The format is a matter of taste, unless the changelog says itself that it keeps to it, or the settings ask for it.
pub(super) fn promises(document: &Document, sink: &Sink<'_>) -> bool {
    sink.is_asked_for()
        || document.links.iter().any(|link| link.destination.to_ascii_lowercase().contains("keepachangelog.com"))
}

pub(super) fn is_unreleased(heading: &str) -> bool {
    let words = plain(heading);
    words.starts_with("unreleased")
        || words == "next"
        || words.starts_with("upcoming")
        || words.starts_with("in development")
        || words.starts_with("не выпущено")
}

/// Headings that name a version.
pub(super) fn releases(document: &Document) -> Vec<Release<'_>> {
    let found = document.headings.iter().enumerate().filter_map(|(index, heading)| {
        let text = heading.text.as_str();
        let mut words = text
            .split(|character: char| character.is_whitespace() || "[]()".contains(character))
            .filter(|word| !word.is_empty());
        let version = words.find_map(version)?;
        let date = text
            .split(|character: char| character.is_whitespace() || "[]()".contains(character))
            .find(|word| crate::waivers::is_date(word))
            .map(str::to_owned);
        Some(Release { version, date, line: heading.line, text, index })
    });
    let found: Vec<Release<'_>> = found.collect();
    // Deeper headings that happen to hold a number belong to a release above them.
    let level = found.iter().map(|release| document.headings[release.index].level).min().unwrap_or(1);
    found.into_iter().filter(|release| document.headings[release.index].level == level).collect()
}

/// `v1.2.3`, `1.2.3-rc.1`: at least two numbers.
fn version(word: &str) -> Option<String> {
    let word = word.trim_matches([',', ':', '`', '*']).trim_start_matches(['v', 'V']);
    let core = word.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let numeric = parts.len() >= 2
        && parts.len() <= 4
        && parts.iter().take(2).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    (numeric && !crate::waivers::is_date(word)).then(|| word.to_owned())
}

/// Numbers for comparison; a pre-release comes before its release.
pub(super) fn key(version: &str) -> (Vec<u64>, bool) {
    let (core, rest) = version.split_once('-').unwrap_or((version, ""));
    let mut numbers: Vec<u64> = core.split(['.', '+']).map_while(|part| part.parse().ok()).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    (numbers, rest.is_empty())
}
