//! Agent rules: which files they are.

use crate::{markdown::Document, project::Project};

/// `.cursor/rules/**/*.mdc`, at any depth of a monorepo.
pub(super) fn rules<'p>(project: &'p Project<'_>) -> impl Iterator<Item = &'p Document> {
    project.facts.documents.iter().filter(|document| is_rule(&document.path))
}

pub(super) fn is_rule(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "mdc")
        && (path.starts_with(".cursor/rules/") || path.contains("/.cursor/rules/"))
}
