//! Putting generated files into a tree that people edit too: what they wrote always stays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GeneratedFile;
use crate::{text::diff, tree::Tree};

/// Where the last generated text of every file is kept: the common base of both sides.
pub const RECORD: &str = ".compliance/generated.json";

/// Path to the text as generated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record(pub BTreeMap<String, String>);

impl Record {
    pub fn read(tree: &dyn Tree) -> Result<Self, String> {
        match tree.text(RECORD) {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_str(&text).map_err(|error| format!("`{RECORD}` cannot be read: {error}")),
        }
    }

    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    Created,
    /// Nobody had touched it.
    Updated,
    /// A person's edits and the new text, together.
    Merged,
    Unchanged,
    /// A person removed it; it stays removed.
    LeftRemoved,
    /// Both changed the same lines, or a person's file was there first. The file is left alone.
    Conflict {
        diff: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub path: String,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What to write; nothing when the file is left alone.
    pub content: Option<String>,
}

/// Decides file by file, and answers the record to keep. Nothing is written here.
pub fn apply(tree: &dyn Tree, generated: &[GeneratedFile], record: &Record) -> (Vec<Change>, Record) {
    let mut next = record.clone();
    let changes = generated
        .iter()
        .map(|file| {
            let current = tree.read(&file.path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let outcome = decide(current.as_deref(), record.0.get(&file.path).map(String::as_str), file);
            let content = match &outcome {
                (Outcome::Conflict { .. }, _) => None,
                (_, content) => content.clone(),
            };
            // After a conflict the old base stays, so that the next run shows it again.
            if !matches!(outcome.0, Outcome::Conflict { .. }) {
                next.0.insert(file.path.clone(), file.content.clone());
            }
            Change { path: file.path.clone(), outcome: outcome.0, content }
        })
        .collect();
    (changes, next)
}

fn decide(current: Option<&str>, base: Option<&str>, file: &GeneratedFile) -> (Outcome, Option<String>) {
    let new = &file.content;
    match (current, base) {
        (None, None) => (Outcome::Created, Some(new.clone())),
        (None, Some(_)) => (Outcome::LeftRemoved, None),
        (Some(current), _) if current == new => (Outcome::Unchanged, None),
        (Some(current), Some(base)) if current == base => (Outcome::Updated, Some(new.clone())),
        (Some(_), Some(base)) if base == new => (Outcome::Unchanged, None),
        (Some(current), Some(base)) => match diff::merge(base, current, new) {
            Some(merged) if merged == current => (Outcome::Unchanged, None),
            Some(merged) => (Outcome::Merged, Some(merged)),
            None => (Outcome::Conflict { diff: diff::unified(&file.path, current, new) }, None),
        },
        (Some(current), None) => (Outcome::Conflict { diff: diff::unified(&file.path, current, new) }, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Files;

    fn file(content: &str) -> Vec<GeneratedFile> {
        vec![GeneratedFile { path: "A.md".into(), content: content.into() }]
    }

    fn run(tree: &Files, content: &str, record: &Record) -> (Outcome, Option<String>, Record) {
        let (mut changes, record) = apply(tree, &file(content), record);
        let change = changes.remove(0);
        (change.outcome, change.content, record)
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let (outcome, content, record) = run(&Files::new(), "1\n2\n3\n", &Record::default());
        assert_eq!((outcome, content.as_deref()), (Outcome::Created, Some("1\n2\n3\n")));
        let tree = Files::new().with("A.md", "1\n2\n3\n");
        assert_eq!(run(&tree, "1\n2\n3\n", &record).0, Outcome::Unchanged);
        assert_eq!(run(&tree, "1\n2\n3\n4\n", &record).0, Outcome::Updated);
        assert_eq!(run(&Files::new(), "1\n2\n3\n", &record).0, Outcome::LeftRemoved);
    }

    #[test]
    fn a_persons_edits_stay() {
        let record = Record([("A.md".to_owned(), "1\n2\n3\n".to_owned())].into());
        let tree = Files::new().with("A.md", "1\n2\nmine\n3\n");
        let (outcome, content, _) = run(&tree, "new\n1\n2\n3\n", &record);
        assert_eq!((outcome, content.as_deref()), (Outcome::Merged, Some("new\n1\n2\nmine\n3\n")));
        let tree = Files::new().with("A.md", "1\nmine\n3\n");
        let (outcome, content, kept) = run(&tree, "1\nnew\n3\n", &record);
        let Outcome::Conflict { diff } = outcome else { panic!("a conflict is expected") };
        assert!(diff.contains("-mine\n+new\n"));
        assert_eq!((content, kept), (None, record));
        let tree = Files::new().with("A.md", "theirs\n");
        assert!(matches!(run(&tree, "x\n", &Record::default()).0, Outcome::Conflict { .. }));
    }
}
