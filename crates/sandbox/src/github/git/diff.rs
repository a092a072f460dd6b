//! What changed between two trees.

use std::collections::HashMap;

use anyhow::Context as _;

use super::{EMPTY_TREE, Git};

#[derive(Debug, Clone)]
pub(crate) struct FileChange {
    pub(crate) filename: String,
    pub(crate) previous_filename: Option<String>,
    /// `added`, `removed`, `modified` or `renamed`.
    pub(crate) status: &'static str,
    pub(crate) sha: String,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
    /// Left out for binary files and for very large changes, as GitHub does.
    pub(crate) patch: Option<String>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
    pub(crate) files: usize,
}

impl Totals {
    pub(crate) fn of(changes: &[FileChange]) -> Self {
        changes.iter().fold(Self { files: changes.len(), ..Self::default() }, |sum, change| Self {
            additions: sum.additions + change.additions,
            deletions: sum.deletions + change.deletions,
            ..sum
        })
    }
}

/// Patches longer than this are left out.
const PATCH_LIMIT: usize = 100_000;

impl Git {
    /// The files that differ; no `old` compares with nothing.
    pub(crate) async fn diff(&self, old: Option<&str>, new: &str) -> anyhow::Result<Vec<FileChange>> {
        let old = old.unwrap_or(EMPTY_TREE);
        let common = ["diff-tree", "-r", "-M", "--no-color"];
        let with = |format: &[&'static str]| [common.as_slice(), format].concat();
        let (raw, numbers, patches) =
            (with(&["--raw", "-z", "--no-abbrev"]), with(&["--numstat", "-z"]), with(&["-p", "--unified=3"]));
        let (raw, numbers, patches) = tokio::try_join!(
            self.diff_text(&raw, old, new),
            self.diff_text(&numbers, old, new),
            self.diff_text(&patches, old, new),
        )?;
        let numbers = parse_numbers(&numbers);
        let mut patches = split_patches(&patches).into_iter();
        let mut changes = parse_raw(&raw)?;
        for change in &mut changes {
            if let Some((additions, deletions)) = numbers.get(&change.filename) {
                (change.additions, change.deletions) = (*additions, *deletions);
            }
            // All three listings come in the same order.
            change.patch = patches.next().flatten();
        }
        Ok(changes)
    }

    async fn diff_text(&self, arguments: &[&str], old: &str, new: &str) -> anyhow::Result<String> {
        let bytes = self.bytes(&[arguments, &[old, new]].concat()).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn parse_raw(text: &str) -> anyhow::Result<Vec<FileChange>> {
    let mut changes = Vec::new();
    let mut fields = text.split('\0').filter(|field| !field.is_empty());
    while let Some(facts) = fields.next() {
        let mut words = facts.trim_start_matches(':').split(' ').skip(2);
        let mut next = || words.next().context("git diff-tree left out a field");
        let (old_sha, new_sha, letter) = (next()?, next()?, next()?);
        let path = fields.next().context("git diff-tree left out the path")?.to_owned();
        let (status, sha) = match letter.as_bytes().first() {
            Some(b'A') => ("added", new_sha),
            Some(b'D') => ("removed", old_sha),
            Some(b'R') => ("renamed", new_sha),
            _ => ("modified", new_sha),
        };
        let (filename, previous_filename) = if status == "renamed" {
            (fields.next().context("git diff-tree left out the new path")?.to_owned(), Some(path))
        } else {
            (path, None)
        };
        let sha = sha.to_owned();
        changes.push(FileChange { filename, previous_filename, status, sha, additions: 0, deletions: 0, patch: None });
    }
    Ok(changes)
}

fn parse_numbers(text: &str) -> HashMap<String, (u64, u64)> {
    let mut numbers = HashMap::new();
    let mut fields = text.split('\0');
    while let Some(record) = fields.next() {
        let mut words = record.splitn(3, '\t');
        let (Some(additions), Some(deletions), Some(path)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        // A rename has an empty path here and both names after it.
        let path = if path.is_empty() { fields.nth(1).unwrap_or_default() } else { path };
        // Binary files have dashes for numbers.
        numbers.insert(path.to_owned(), (additions.parse().unwrap_or(0), deletions.parse().unwrap_or(0)));
    }
    numbers
}

/// One entry per file: its hunks, or none when there are none to show.
fn split_patches(text: &str) -> Vec<Option<String>> {
    let mut files: Vec<Option<String>> = Vec::new();
    let mut in_hunks = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with("diff --git ") {
            files.push(None);
            in_hunks = false;
        } else if let Some(file) = files.last_mut() {
            in_hunks |= line.starts_with("@@ ");
            if in_hunks {
                file.get_or_insert_default().push_str(line);
            }
        }
    }
    for file in &mut files {
        *file =
            file.take().filter(|patch| patch.len() <= PATCH_LIMIT).map(|patch| patch.trim_end_matches('\n').to_owned());
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_renames_and_binaries_are_found() {
        let numbers = parse_numbers("1\t2\ta.txt\0-\t-\tlogo.png\x003\t0\t\0old.rs\0new.rs\0");
        assert_eq!(numbers["a.txt"], (1, 2));
        assert_eq!(numbers["logo.png"], (0, 0));
        assert_eq!(numbers["new.rs"], (3, 0));
    }

    #[test]
    fn patches_hold_hunks_alone() {
        let text = "diff --git a/a b/a\nindex 1..2\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+diff\ndiff --git a/b b/b\nBinary files differ\n";
        assert_eq!(split_patches(text), [Some("@@ -1 +1 @@\n-x\n+diff".to_owned()), None]);
    }
}
