//! From plan to the first files: validation, foundation, and showing both.

pub mod foundation;
pub mod render;
pub mod validate;

/// A name for branches and addresses: lower-case letters, digits and single hyphens, at most 40 characters.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "project".to_owned() } else { slug.to_owned() }
}

/// Whether a path may be written into a repository: relative, plain, and not git's own.
pub fn is_safe_path(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.eq_ignore_ascii_case(".git")
            && !part.chars().any(|c| c.is_control() || "\\:*?\"<>|".contains(c))
    };
    !path.is_empty() && path.len() <= 200 && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        for (text, expected) in [
            ("Pocket Ledger", "pocket-ledger"),
            ("  --Ünïcode!! ", "n-code"),
            ("日本", "project"),
            ("a/../b", "a-b"),
            ("", "project"),
        ] {
            assert_eq!(slug(text), expected);
        }
        assert!(slug(&"long ".repeat(40)).len() <= 40);
    }

    #[test]
    fn unsafe_paths_are_seen() {
        for good in ["README.md", "docs/a b.md", ".cursor/rules/x.mdc", ".github/workflows/ci.yml"] {
            assert!(is_safe_path(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "a/../b", "..", ".git/config", "docs/.GIT/x", "a//b", "a\\b", "C:x", "a\nb"] {
            assert!(!is_safe_path(bad), "{bad}");
        }
    }
}
