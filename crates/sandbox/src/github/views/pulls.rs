use serde_json::{Value, json};

use super::{Views, extend, node_id};
use crate::github::{
    git::Totals,
    model::{Issue, Pull, Repo, Review, ReviewComment},
};

/// What git adds to a pull request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PullFacts {
    pub(crate) totals: Totals,
    pub(crate) commits: u64,
    /// None while it is being worked out.
    pub(crate) mergeable: Option<bool>,
    pub(crate) mergeable_state: &'static str,
}

impl Views<'_> {
    /// A pull request as lists show it.
    pub(crate) fn pull_simple(&self, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
        let (repo_url, repo_html) = (self.repo_url(repo), self.repo_html_url(repo));
        let number = issue.number;
        let url = format!("{repo_url}/pulls/{number}");
        let html = format!("{repo_html}/pull/{number}");
        let issue_url = format!("{repo_url}/issues/{number}");
        let statuses = format!("{repo_url}/statuses/{}", pull.head_sha);
        let assignees: Vec<Value> = issue.assignees.iter().map(|login| self.user(login)).collect();
        let end = |name: &str, sha: &str| {
            json!({
                "label": format!("{}:{name}", repo.owner),
                "ref": name,
                "sha": sha,
                "user": self.user(&repo.owner),
                "repo": self.pull_repo(repo),
            })
        };
        let link = |href: String| json!({"href": href});
        json!({
            "id": pull.id,
            "node_id": node_id("PullRequest", pull.id),
            "url": url,
            "html_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "issue_url": issue_url,
            "commits_url": format!("{url}/commits"),
            "review_comments_url": format!("{url}/comments"),
            "review_comment_url": format!("{repo_url}/pulls/comments{{/number}}"),
            "comments_url": format!("{issue_url}/comments"),
            "statuses_url": statuses,
            "number": number,
            "state": issue.state,
            "locked": false,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(&issue.user),
            "labels": self.labels_of(repo, issue),
            "milestone": null,
            "active_lock_reason": null,
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "closed_at": issue.closed_at,
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit_sha,
            "assignee": assignees.first(),
            "assignees": assignees,
            "requested_reviewers": pull.requested_reviewers.iter().map(|login| self.user(login)).collect::<Vec<_>>(),
            "requested_teams": [],
            "head": end(&pull.head_ref, &pull.head_sha),
            "base": end(&pull.base_ref, &pull.base_sha),
            "draft": pull.draft,
            "author_association": Self::association(repo, &issue.user),
            "auto_merge": null,
            "_links": {
                "self": link(url.clone()),
                "html": link(html.clone()),
                "issue": link(issue_url.clone()),
                "comments": link(format!("{issue_url}/comments")),
                "review_comments": link(format!("{url}/comments")),
                "review_comment": link(format!("{repo_url}/pulls/comments{{/number}}")),
                "commits": link(format!("{url}/commits")),
                "statuses": link(statuses.clone()),
            },
        })
    }

    /// One pull request, asked for by its number.
    pub(crate) fn pull(&self, repo: &Repo, issue: &Issue, pull: &Pull, facts: PullFacts) -> Value {
        let mut value = self.pull_simple(repo, issue, pull);
        let number = issue.number;
        extend(
            &mut value,
            json!({
                "merged": pull.merged_at.is_some(),
                "mergeable": facts.mergeable,
                "rebaseable": facts.mergeable,
                "mergeable_state": facts.mergeable_state,
                "merged_by": pull.merged_by.as_deref().map(|login| self.user(login)),
                "comments": repo.comments.iter().filter(|comment| comment.number == number).count(),
                "review_comments": repo.review_comments.iter().filter(|comment| comment.number == number).count(),
                "maintainer_can_modify": pull.maintainer_can_modify,
                "commits": facts.commits,
                "additions": facts.totals.additions,
                "deletions": facts.totals.deletions,
                "changed_files": facts.totals.files,
            }),
        );
        value
    }

    /// The repository at either end, with the settings that webhooks want there.
    fn pull_repo(&self, repo: &Repo) -> Value {
        let mut value = self.repo(repo);
        extend(
            &mut value,
            json!({
                "allow_rebase_merge": true,
                "allow_squash_merge": true,
                "allow_merge_commit": true,
                "allow_auto_merge": false,
                "allow_update_branch": true,
                "delete_branch_on_merge": false,
                "use_squash_pr_title_as_default": false,
                "squash_merge_commit_message": "COMMIT_MESSAGES",
                "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
                "merge_commit_message": "PR_TITLE",
                "merge_commit_title": "MERGE_MESSAGE",
            }),
        );
        value
    }

    /// The few facts that checks and workflow runs give of their pull requests.
    pub(crate) fn pull_minimal(&self, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
        let url = self.repo_url(repo);
        let end = |name: &str, sha: &str| json!({"ref": name, "sha": sha, "repo": {"id": repo.id, "url": url, "name": repo.name}});
        json!({
            "id": pull.id,
            "number": issue.number,
            "url": format!("{url}/pulls/{}", issue.number),
            "head": end(&pull.head_ref, &pull.head_sha),
            "base": end(&pull.base_ref, &pull.base_sha),
        })
    }

    /// Open pull requests whose head is this commit.
    pub(crate) fn pulls_of(&self, repo: &Repo, sha: &str) -> Vec<Value> {
        let ours =
            |issue: &'_ &Issue| issue.state == "open" && issue.pull.as_ref().is_some_and(|pull| pull.head_sha == sha);
        let show = |issue: &Issue| Some(self.pull_minimal(repo, issue, issue.pull.as_ref()?));
        repo.issues.values().filter(ours).filter_map(show).collect()
    }

    pub(crate) fn review(&self, repo: &Repo, review: &Review) -> Value {
        let html = format!("{}/pull/{}#pullrequestreview-{}", self.repo_html_url(repo), review.number, review.id);
        let pull = format!("{}/pulls/{}", self.repo_url(repo), review.number);
        let mut value = json!({
            "id": review.id,
            "node_id": node_id("PullRequestReview", review.id),
            "user": self.user(&review.user),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": pull,
            "author_association": Self::association(repo, &review.user),
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
            "commit_id": review.commit_id,
        });
        if let Some(submitted_at) = &review.submitted_at {
            value["submitted_at"] = json!(submitted_at);
        }
        value
    }

    pub(crate) fn review_comment(&self, repo: &Repo, comment: &ReviewComment) -> Value {
        let url = format!("{}/pulls/comments/{}", self.repo_url(repo), comment.id);
        let html = format!("{}/pull/{}#discussion_r{}", self.repo_html_url(repo), comment.number, comment.id);
        let pull = format!("{}/pulls/{}", self.repo_url(repo), comment.number);
        let mut value = json!({
            "id": comment.id,
            "node_id": node_id("PullRequestReviewComment", comment.id),
            "pull_request_review_id": comment.review_id,
            "url": url,
            "html_url": html,
            "pull_request_url": pull,
            "diff_hunk": "",
            "path": comment.path,
            "commit_id": comment.commit_id,
            "original_commit_id": comment.commit_id,
            "user": self.user(&comment.user),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": Self::association(repo, &comment.user),
            "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": pull}},
            "side": comment.side,
            "start_line": null,
            "original_start_line": null,
            "start_side": null,
            "subject_type": if comment.line.is_some() { "line" } else { "file" },
        });
        if let Some(line) = comment.line {
            extend(
                &mut value,
                json!({"line": line, "original_line": line, "position": line, "original_position": line}),
            );
        }
        if let Some(id) = comment.in_reply_to {
            value["in_reply_to_id"] = json!(id);
        }
        value
    }
}
