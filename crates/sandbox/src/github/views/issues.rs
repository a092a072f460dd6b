use serde_json::{Value, json};

use super::{Views, extend, node_id};
use crate::github::model::{Comment, Issue, Label, Repo};

impl Views<'_> {
    pub(crate) fn label(&self, repo: &Repo, label: &Label) -> Value {
        json!({
            "id": label.id,
            "node_id": node_id("Label", label.id),
            "url": format!("{}/labels/{}", self.repo_url(repo), super::commits::encode_path(&label.name)),
            "name": label.name,
            "color": label.color,
            "default": label.default,
            "description": label.description,
        })
    }

    pub(crate) fn labels_of(&self, repo: &Repo, issue: &Issue) -> Vec<Value> {
        let known = |name: &String| repo.labels.iter().find(|label| label.name == *name);
        issue.labels.iter().filter_map(known).map(|label| self.label(repo, label)).collect()
    }

    pub(crate) fn association(repo: &Repo, login: &str) -> &'static str {
        if repo.owner.eq_ignore_ascii_case(login) { "OWNER" } else { "COLLABORATOR" }
    }

    fn reactions(url: &str) -> Value {
        json!({
            "url": format!("{url}/reactions"),
            "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0,
        })
    }

    /// An issue, or a pull request as the issues API shows it.
    pub(crate) fn issue(&self, repo: &Repo, issue: &Issue) -> Value {
        let (repo_url, repo_html) = (self.repo_url(repo), self.repo_html_url(repo));
        let number = issue.number;
        let url = format!("{repo_url}/issues/{number}");
        let kind = if issue.pull.is_some() { "pull" } else { "issues" };
        let html = format!("{repo_html}/{kind}/{number}");
        let assignees: Vec<Value> = issue.assignees.iter().map(|login| self.user(login)).collect();
        let mut value = json!({
            "id": issue.id,
            "node_id": node_id("Issue", issue.id),
            "url": url,
            "repository_url": repo_url,
            "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"),
            "timeline_url": format!("{url}/timeline"),
            "html_url": html,
            "number": number,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(&issue.user),
            "labels": self.labels_of(repo, issue),
            "state": issue.state,
            "state_reason": issue.state_reason,
            "locked": false,
            "active_lock_reason": null,
            "assignee": assignees.first(),
            "assignees": assignees,
            "milestone": null,
            "comments": repo.comments.iter().filter(|comment| comment.number == number).count(),
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "closed_at": issue.closed_at,
            "closed_by": issue.closed_by.as_deref().map(|login| self.user(login)),
            "author_association": Self::association(repo, &issue.user),
            "reactions": Self::reactions(&url),
            "performed_via_github_app": null,
        });
        if let Some(pull) = &issue.pull {
            extend(
                &mut value,
                json!({
                    "draft": pull.draft,
                    "pull_request": {
                        "url": format!("{repo_url}/pulls/{number}"),
                        "html_url": html,
                        "diff_url": format!("{html}.diff"),
                        "patch_url": format!("{html}.patch"),
                        "merged_at": pull.merged_at,
                    },
                }),
            );
        }
        value
    }

    pub(crate) fn comment(&self, repo: &Repo, comment: &Comment) -> Value {
        let url = format!("{}/issues/comments/{}", self.repo_url(repo), comment.id);
        let is_pull = repo.pull(comment.number).is_some();
        let kind = if is_pull { "pull" } else { "issues" };
        json!({
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "url": url,
            "html_url": format!("{}/{kind}/{}#issuecomment-{}", self.repo_html_url(repo), comment.number, comment.id),
            "issue_url": format!("{}/issues/{}", self.repo_url(repo), comment.number),
            "body": comment.body,
            "user": self.user(&comment.user),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": Self::association(repo, &comment.user),
            "reactions": Self::reactions(&url),
            "performed_via_github_app": null,
        })
    }
}
