//! Agent rules: which files they are, and when they are too long.

use crate::page::Page;

/// Characters for each line of the limit; a page of few but endless lines is as long as one of many.
const LINE: usize = 100;

/// By how much a page that goes into every prompt is too long, in words.
pub(super) fn excess(page: &Page<'_>, limit: usize) -> Option<String> {
    let lines = page.document.line_count.saturating_sub(1);
    if lines > limit {
        return Some(format!("{lines} lines, more than {limit}"));
    }
    let characters = page.text.chars().count();
    (characters > limit * LINE).then(|| format!("{characters} characters, more than {LINE} for each of {limit} lines"))
}

/// `.cursor/rules/**/*.mdc`, at any depth of a monorepo.
pub(super) fn is_rule(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "mdc")
        && (path.starts_with(".cursor/rules/") || path.contains("/.cursor/rules/"))
}
