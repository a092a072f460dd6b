//! Applying the edits that findings carry. Only edits that change nothing a reader sees, or only what is certainly meant.

use std::collections::BTreeMap;

use crate::{
    report::{Edit, Report},
    tree::Tree,
};

/// The new bytes of every file that has something to fix, and how many findings that settles.
pub fn fixed(tree: &dyn Tree, report: &Report) -> (BTreeMap<String, Vec<u8>>, usize) {
    let mut by_file: BTreeMap<&str, Vec<&[Edit]>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| !finding.fix.is_empty()) {
        by_file.entry(&finding.path).or_default().push(&finding.fix);
    }
    let mut files = BTreeMap::new();
    let mut settled = 0;
    for (path, fixes) in by_file {
        let Ok(bytes) = tree.read(path) else { continue };
        // Offsets are those of text; a file that is not UTF-8 was repaired before it was read.
        if std::str::from_utf8(&bytes).is_err() {
            continue;
        }
        let mut taken: Vec<&Edit> = Vec::new();
        for fix in fixes {
            let free = |edit: &Edit| {
                edit.start <= edit.end
                    && edit.end <= bytes.len()
                    && taken.iter().all(|other| edit.end < other.start || other.end < edit.start || *other == edit)
            };
            // Edits that touch another wait for the next run: their offsets would no longer be right.
            if fix.iter().all(free) {
                taken.extend(fix.iter().filter(|edit| !taken.contains(edit)).collect::<Vec<_>>());
                settled += 1;
            }
        }
        taken.sort_by_key(|edit| edit.start);
        let mut text = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for edit in taken {
            text.extend_from_slice(&bytes[at..edit.start]);
            text.extend_from_slice(edit.text.as_bytes());
            at = edit.end;
        }
        text.extend_from_slice(&bytes[at..]);
        if text != bytes.as_ref() {
            files.insert(path.to_owned(), text);
        }
    }
    (files, settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Files, check, config::Level};

    #[test]
    fn what_is_fixed_is_not_found_again() {
        let tree = Files::new()
            .with("README.md", "\u{feff}# X \n\nSee [g](Docs/guide.md).\n\n##Usage of it\n\nText\n\n[unused]: x.md")
            .with("docs/Guide.md", "# G\n\n```sh\nmake")
            .with("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2024-05-01\n\n- x\n");
        let mut config = Config::default();
        let fixable = [
            "file-encoding",
            "link-case",
            "heading-space",
            "trailing-space",
            "final-newline",
            "definition-unused",
            "fence-unclosed",
            "changelog-unreleased",
        ];
        for rule in crate::rules::all() {
            config
                .levels
                .insert(rule.id.to_owned(), if fixable.contains(&rule.id) { Level::Default } else { Level::Off });
        }
        let mut tree = tree;
        for _ in 0..3 {
            let (files, _) = fixed(&tree, &check(&tree, &config));
            for (path, bytes) in files {
                tree.insert(path, bytes);
            }
        }
        let left = check(&tree, &config).findings;
        assert!(left.is_empty(), "{left:?}");
        let readme = tree.text("README.md").unwrap();
        assert_eq!(readme, "# X\n\nSee [g](docs/Guide.md).\n\n## Usage of it\n\nText\n\n");
        assert_eq!(
            tree.text("CHANGELOG.md").unwrap(),
            "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2024-05-01\n\n- x\n"
        );
        assert_eq!(tree.text("docs/Guide.md").unwrap(), "# G\n\n```sh\nmake\n```\n");
    }
}
