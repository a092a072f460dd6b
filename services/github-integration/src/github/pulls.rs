//! Pull requests: opened once, merged only as they were approved.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::names::encoded_value;
use super::{FullName, Github, GithubError, Result};

/// How often we ask whether a pull request can be merged while GitHub is still working it out.
const MERGEABLE_LOOKS: u32 = 15;
/// The base branch moved while merging: GitHub asks to try again.
const MERGE_TRIES: u32 = 4;

/// A pull request as GitHub describes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pull {
    pub id: i64,
    pub number: i64,
    pub title: String,
    pub body: Option<String>,
    pub html_url: String,
    pub state: String,
    pub merged: bool,
    pub mergeable: Option<bool>,
    pub merge_commit_sha: Option<String>,
    pub head: Side,
    pub base: Side,
    #[serde(with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub merged_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Side {
    #[serde(rename = "ref")]
    pub name: String,
    pub sha: String,
}

/// What to open.
#[derive(Debug, Clone)]
pub struct NewPull<'a> {
    pub head: &'a str,
    pub base: &'a str,
    pub title: &'a str,
    pub body: &'a str,
    /// The key of the step; one pull request exists per key.
    pub step: &'a str,
}

/// What to merge.
#[derive(Debug, Clone, Copy)]
pub struct MergePull<'a> {
    pub number: i64,
    /// The head that was approved.
    pub expected_head_sha: &'a str,
    /// `squash` or `merge`.
    pub method: &'a str,
}

/// How a merge went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    Merged {
        sha: String,
    },
    /// Not what was approved.
    HeadMoved {
        head_sha: String,
    },
    NotMergeable {
        detail: String,
    },
    Closed,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MergeAnswer {
    sha: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BaseCommit {
    sha: String,
    parents: Vec<Parent>,
    commit: Message,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parent {
    sha: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    message: String,
}

impl Github {
    /// One pull request.
    pub async fn pull(&self, repository: &FullName, number: i64) -> Result<Pull> {
        self.get(repository, &format!("/pulls/{number}")).await
    }

    /// Open a pull request unless this step, or anybody, has opened it. Answers whether it was made now.
    pub async fn open_pull(&self, repository: &FullName, new: &NewPull<'_>) -> Result<(Pull, bool)> {
        self.persist(|| async {
            if let Some(found) = self.find_pull(repository, new).await? {
                return Ok((found, false));
            }
            let body = format!("{}\n\n{}\n", new.body.trim_end(), marker(new.step));
            let request = json!({"title": new.title, "head": new.head, "base": new.base, "body": body});
            match self.write::<Pull>(repository, Method::POST, "/pulls", &request).await {
                Ok(pull) => Ok((pull, true)),
                Err(error) if error.is_already_there() => Err(GithubError::Uncertain { detail: error.to_string() }),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// The pull request that this step made, open or not; else an open one from the same branch.
    async fn find_pull(&self, repository: &FullName, new: &NewPull<'_>) -> Result<Option<Pull>> {
        let head = encoded_value(&format!("{}:{}", repository.owner(), new.head));
        let rest = format!("/pulls?state=all&sort=created&direction=desc&per_page=100&head={head}");
        let pulls: Vec<Pull> = self.get(repository, &rest).await?;
        let marker = marker(new.step);
        let same = |p: &&Pull| p.head.name == new.head && p.base.name == new.base;
        let ours = pulls.iter().filter(same).find(|p| p.body.as_deref().is_some_and(|body| body.contains(&marker)));
        Ok(ours.or_else(|| pulls.iter().filter(same).find(|p| p.state == "open")).cloned())
    }

    /// Merge exactly the head that was approved.
    pub async fn merge_pull(&self, repository: &FullName, merge: MergePull<'_>) -> Result<Merge> {
        for tried in 1..=MERGE_TRIES {
            match self.persist(|| self.try_merge(repository, merge)).await? {
                Merge::NotMergeable { detail } if tried < MERGE_TRIES && detail.contains("modified") => {
                    tracing::info!(repository = %repository, number = merge.number, "the base branch moved while merging; trying again");
                    self.clock().sleep(Duration::from_secs(u64::from(tried))).await;
                }
                outcome => return Ok(outcome),
            }
        }
        unreachable!("the last try returns its outcome")
    }

    async fn try_merge(&self, repository: &FullName, merge: MergePull<'_>) -> Result<Merge> {
        let pull = self.settled_pull(repository, merge.number).await?;
        if pull.head.sha != merge.expected_head_sha {
            return Ok(Merge::HeadMoved { head_sha: pull.head.sha });
        }
        if pull.merged || pull.merged_at.is_some() {
            return Ok(Merge::Merged { sha: self.merge_commit(repository, &pull).await? });
        }
        if pull.state != "open" {
            return Ok(Merge::Closed);
        }
        if pull.mergeable == Some(false) {
            return Ok(Merge::NotMergeable { detail: "the branch has conflicts with its base".to_owned() });
        }
        let rest = format!("/pulls/{}/merge", merge.number);
        let body = json!({"sha": merge.expected_head_sha, "merge_method": merge.method});
        match self.write::<MergeAnswer>(repository, Method::PUT, &rest, &body).await {
            Ok(answer) => Ok(Merge::Merged { sha: answer.sha }),
            Err(GithubError::NotAllowed { detail }) => Ok(Merge::NotMergeable { detail }),
            Err(GithubError::Conflict { .. }) => {
                let now = self.pull(repository, merge.number).await?;
                Ok(Merge::HeadMoved { head_sha: now.head.sha })
            }
            Err(error) => Err(error),
        }
    }

    /// The pull request once GitHub knows whether it can be merged, or after we have asked long enough.
    async fn settled_pull(&self, repository: &FullName, number: i64) -> Result<Pull> {
        let mut looks = 0;
        loop {
            let pull = self.pull(repository, number).await?;
            looks += 1;
            if pull.state != "open" || pull.mergeable.is_some() || looks >= MERGEABLE_LOOKS {
                return Ok(pull);
            }
            self.clock().sleep(Duration::from_millis(300 * u64::from(looks))).await;
        }
    }

    /// The commit that a merge made. Newer versions of the interface no longer tell it with the pull request.
    async fn merge_commit(&self, repository: &FullName, pull: &Pull) -> Result<String> {
        if let Some(sha) = pull.merge_commit_sha.as_ref().filter(|sha| !sha.is_empty()) {
            return Ok(sha.clone());
        }
        let rest = format!("/commits?sha={}&per_page=100", encoded_value(&pull.base.name));
        let commits: Vec<BaseCommit> = self.get(repository, &rest).await?;
        let title_end = format!("(#{})", pull.number);
        let made_by = |c: &&BaseCommit| {
            c.parents.iter().skip(1).any(|p| p.sha == pull.head.sha)
                || c.commit.message.lines().next().is_some_and(|line| line.ends_with(&title_end))
        };
        let found = commits.iter().find(made_by).map(|c| c.sha.clone());
        found.ok_or_else(|| GithubError::Unreadable {
            detail: format!("pull request {} is merged, but no commit on `{}` says so", pull.number, pull.base.name),
        })
    }
}

/// Invisible on the page; by it a repeat after a crash finds its pull request even when somebody has closed it.
fn marker(step: &str) -> String {
    format!("<!-- quantapilot-step: {step} -->")
}
