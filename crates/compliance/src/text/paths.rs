//! Paths inside a tree, by name only.

/// Joins and resolves `.` and `..`. `None` when it climbs out of the tree.
pub fn join(base_directory: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let both = [if relative.starts_with('/') { "" } else { base_directory }, relative];
    for part in both.iter().flat_map(|path| path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

pub fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

pub fn name(path: &str) -> &str {
    path.rfind('/').map_or(path, |at| &path[at + 1..])
}

/// The extension in lower case, without its dot.
pub fn extension(path: &str) -> String {
    let name = name(path);
    match name.rfind('.') {
        Some(at) if at > 0 => name[at + 1..].to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// The name without its extension.
pub fn stem(path: &str) -> &str {
    let name = name(path);
    match name.rfind('.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

/// Documents that tell what was: they name things that are gone, and repeat their headings.
pub fn is_history(path: &str) -> bool {
    let stem = stem(path).to_ascii_lowercase();
    ["change", "history", "news", "release", "migrat", "upgrad"].iter().any(|word| stem.contains(word))
}

/// True for a path that a tree may hold: relative, without empty, `.` or `..` parts.
pub fn is_inside(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_stay_inside() {
        assert_eq!(join("docs/a", "../b.md").as_deref(), Some("docs/b.md"));
        assert_eq!(join("docs", "./x//y").as_deref(), Some("docs/x/y"));
        assert_eq!(join("docs", "/x").as_deref(), Some("x"));
        assert_eq!(join("docs", "../../x"), None);
        assert_eq!(extension("a/.env"), "");
        assert_eq!(extension("a/B.MD"), "md");
    }
}
