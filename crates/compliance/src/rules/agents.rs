//! Agent rules: which files they are.

/// `.cursor/rules/**/*.mdc`, at any depth of a monorepo.
pub(super) fn is_rule(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "mdc")
        && (path.starts_with(".cursor/rules/") || path.contains("/.cursor/rules/"))
}
