//! The few fields of webhook payloads that we read. Every one may be missing: a new or odd payload is then simply of no
//! interest, and never an error.

use serde::Deserialize;
use serde_json::Value;

/// A repository as payloads name it. Only the id is trusted for decisions; the rest is fetched afresh.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct RepositoryName {
    pub id: i64,
    pub full_name: String,
    pub default_branch: Option<String>,
}

/// Who caused the event.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Sender {
    pub id: i64,
    pub login: String,
}

#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Commit {
    message: String,
    added: Vec<String>,
    modified: Vec<String>,
}

/// A push, as far as the start rule cares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// The branch, when it was a branch.
    pub branch: Option<String>,
    /// The branch is gone.
    pub deleted: bool,
    /// A top-level README is among the added files.
    pub adds_readme: bool,
    /// The last commit carries our own trailer.
    pub made_by_step: bool,
}

/// Which pull request has news. How it stands is asked afresh.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct PullRequestNews {
    pub id: i64,
    pub number: i64,
}

/// A payload, read through small views.
pub struct Payload<'a>(pub &'a Value);

impl Payload<'_> {
    pub fn action(&self) -> Option<&str> {
        self.0.get("action")?.as_str()
    }

    pub fn repository(&self) -> Option<RepositoryName> {
        self.part::<RepositoryName>("/repository").filter(|r| r.id > 0)
    }

    /// Repositories that an installation brought within our reach.
    pub fn added_repositories(&self) -> Vec<RepositoryName> {
        let list = if self.0.get("repositories_added").is_some() { "/repositories_added" } else { "/repositories" };
        self.part(list).unwrap_or_default()
    }

    pub fn sender(&self) -> Option<Sender> {
        self.part("/sender")
    }

    pub fn push(&self) -> Push {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str);
        let commits: Vec<Commit> = self.part("/commits").unwrap_or_default();
        let head: Option<Commit> = self.part("/head_commit");
        let last = head.as_ref().or(commits.last());
        Push {
            branch: text("ref").and_then(|r| r.strip_prefix("refs/heads/")).map(str::to_owned),
            deleted: self.0.get("deleted").and_then(Value::as_bool).unwrap_or(false),
            adds_readme: commits.iter().any(|c| c.added.iter().any(|path| is_readme(path))),
            made_by_step: last.is_some_and(|c| crate::github::commits::step_of(&c.message).is_some()),
        }
    }

    /// The first push to an empty repository also comes as the creation of its default branch.
    pub fn creates_default_branch(&self, repository: &RepositoryName) -> bool {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str);
        text("ref_type") == Some("branch")
            && text("ref").is_some()
            && text("ref") == repository.default_branch.as_deref()
    }

    pub fn pull_request(&self) -> Option<PullRequestNews> {
        self.part::<PullRequestNews>("/pull_request").filter(|p| p.id > 0)
    }

    /// The commit that a check, suite, status or workflow event speaks about.
    pub fn checked_sha(&self, event: &str) -> Option<&str> {
        let path = match event {
            "check_run" => "/check_run/head_sha",
            "check_suite" => "/check_suite/head_sha",
            "workflow_run" => "/workflow_run/head_sha",
            "workflow_job" => "/workflow_job/head_sha",
            "status" => "/sha",
            _ => return None,
        };
        self.0.pointer(path)?.as_str()
    }

    fn part<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        T::deserialize(self.0.pointer(path)?).ok()
    }
}

/// Is this the path of a README that GitHub would show for the repository?
pub fn is_readme(path: &str) -> bool {
    let name = path.strip_prefix(".github/").or_else(|| path.strip_prefix("docs/")).unwrap_or(path);
    let name = name.to_ascii_lowercase();
    !name.contains('/') && (name == "readme" || name.starts_with("readme."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_push_tells_its_branch_and_whether_it_adds_a_readme() {
        let body = json!({"ref": "refs/heads/feature/x", "deleted": false,
            "commits": [{"message": "a", "added": ["src/readme.md"]}, {"message": "b", "added": ["README.md"]}]});
        let push = Payload(&body).push();
        assert_eq!(push.branch.as_deref(), Some("feature/x"));
        assert!(push.adds_readme);
        assert!(!push.made_by_step);
    }

    #[test]
    fn our_own_commits_are_recognised_by_their_trailer() {
        let body = json!({"ref": "refs/heads/main", "head_commit": {"message": "docs: Add\n\nQuantaPilot-Step: p/foundation/1"}});
        assert!(Payload(&body).push().made_by_step);
    }

    #[test]
    fn odd_types_are_of_no_interest_instead_of_errors() {
        let body = json!({"ref": 7, "commits": "none", "repository": [], "sender": null, "pull_request": {"id": "x"}});
        let payload = Payload(&body);
        assert_eq!(payload.push(), Push::default());
        assert_eq!(payload.repository(), None);
        assert_eq!(payload.pull_request(), None);
    }

    #[test]
    fn readmes_are_those_that_github_shows() {
        for path in ["README", "readme.md", "ReadMe.rst", "docs/README.md", ".github/README.md"] {
            assert!(is_readme(path), "{path}");
        }
        for path in ["src/README.md", "readmeter.txt", "docs/a/README.md"] {
            assert!(!is_readme(path), "{path}");
        }
    }
}
