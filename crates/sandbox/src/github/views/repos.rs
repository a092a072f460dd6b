use serde_json::{Map, Value, json};

use super::{Views, extend, node_id};
use crate::github::model::Repo;

/// Every address a repository's JSON holds: the field and what comes after the repository's own.
const ADDRESSES: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

impl Views<'_> {
    pub(crate) fn repo_url(&self, repo: &Repo) -> String {
        format!("{}/repos/{}", self.base, repo.full_name())
    }

    pub(crate) fn repo_html_url(&self, repo: &Repo) -> String {
        format!("{}/{}", self.web, repo.full_name())
    }

    /// A repository inside another object.
    pub(crate) fn minimal_repo(&self, repo: &Repo) -> Value {
        let url = self.repo_url(repo);
        let mut object = Map::new();
        for (field, end) in ADDRESSES {
            object.insert(field.to_owned(), Value::String(format!("{url}{end}")));
        }
        let mut value = Value::Object(object);
        extend(
            &mut value,
            json!({
                "id": repo.id,
                "node_id": node_id("Repository", repo.id),
                "name": repo.name,
                "full_name": repo.full_name(),
                "owner": self.user(&repo.owner),
                "private": repo.private,
                "html_url": self.repo_html_url(repo),
                "description": repo.description,
                "fork": false,
                "url": url,
            }),
        );
        value
    }

    /// A repository as lists and webhooks show it.
    pub(crate) fn repo(&self, repo: &Repo) -> Value {
        let html = self.repo_html_url(repo);
        let open = repo.issues.values().filter(|issue| issue.state == "open").count();
        let mut value = self.minimal_repo(repo);
        extend(
            &mut value,
            json!({
                "clone_url": format!("{}/{}.git", self.base, repo.full_name()),
                "git_url": format!("git://{}.git", html.split_once("://").map_or("", |(_, rest)| rest)),
                "ssh_url": format!("git@sandbox.invalid:{}.git", repo.full_name()),
                "svn_url": html,
                "mirror_url": null,
                "homepage": repo.homepage,
                "language": repo.language,
                "forks": 0,
                "forks_count": 0,
                "stargazers_count": 0,
                "watchers": 0,
                "watchers_count": 0,
                "size": repo.size,
                "default_branch": repo.default_branch,
                "open_issues": open,
                "open_issues_count": open,
                "is_template": false,
                "topics": repo.topics,
                "has_issues": repo.has_issues,
                "has_projects": repo.has_projects,
                "has_wiki": repo.has_wiki,
                "has_pages": false,
                "has_downloads": true,
                "has_discussions": false,
                "archived": repo.archived,
                "disabled": false,
                "visibility": if repo.private { "private" } else { "public" },
                "allow_forking": true,
                "web_commit_signoff_required": false,
                "license": null,
                "pushed_at": repo.pushed_at.as_deref().unwrap_or(&repo.created_at),
                "created_at": repo.created_at,
                "updated_at": repo.updated_at,
            }),
        );
        value
    }

    /// The same with what the caller may do.
    pub(crate) fn repo_for(&self, repo: &Repo, may_write: bool) -> Value {
        let mut value = self.repo(repo);
        value["permissions"] =
            json!({"admin": may_write, "maintain": may_write, "push": may_write, "triage": may_write, "pull": true});
        value
    }

    /// One repository, asked for by name.
    pub(crate) fn full_repo(&self, repo: &Repo, may_write: bool) -> Value {
        let mut value = self.repo_for(repo, may_write);
        extend(
            &mut value,
            json!({
                "network_count": 0,
                "subscribers_count": 0,
                "temp_clone_token": null,
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
}
