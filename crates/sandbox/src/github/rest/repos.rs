use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, no_content, ok};
use crate::{
    Change,
    github::{
        Github,
        accounts::{Caller, CallerKind},
        error::{ApiError, Result},
        git::NewCommit,
        http::{Body, Paging, RepoAt},
        model::{Repo, User, now},
        refs_changed::RefChange,
        views::Views,
    },
};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct CreateRepo {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) homepage: Option<String>,
    #[serde(default)]
    pub(crate) private: bool,
    pub(crate) visibility: Option<String>,
    #[serde(default)]
    pub(crate) auto_init: bool,
    pub(crate) has_issues: Option<bool>,
    pub(crate) has_projects: Option<bool>,
    pub(crate) has_wiki: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct UpdateRepo {
    name: Option<String>,
    description: Option<String>,
    homepage: Option<String>,
    private: Option<bool>,
    visibility: Option<String>,
    archived: Option<bool>,
    default_branch: Option<String>,
    has_issues: Option<bool>,
    has_projects: Option<bool>,
    has_wiki: Option<bool>,
}

impl Github {
    /// Make a repository, and tell who listens.
    pub(crate) async fn create_repo(&self, owner: &str, new: CreateRepo, sender: &User) -> Result<Repo> {
        if new.name.is_empty() {
            return Err(ApiError::invalid("Repository", "name", "missing_field"));
        }
        let name = clean_name(&new.name);
        let repo = {
            let mut state = self.store().lock();
            if state.repo_by_name(owner, &name).is_some() {
                return Err(ApiError::custom("Repository", "name already exists on this account"));
            }
            let id = state.next_id();
            let moment = now();
            let repo = Repo {
                id,
                owner: owner.to_owned(),
                name,
                former_names: Vec::new(),
                description: new.description.filter(|text| !text.is_empty()),
                homepage: new.homepage,
                private: new.private || new.visibility.as_deref() == Some("private"),
                archived: false,
                default_branch: "main".to_owned(),
                topics: Vec::new(),
                has_issues: new.has_issues.unwrap_or(true),
                has_wiki: new.has_wiki.unwrap_or(true),
                has_projects: new.has_projects.unwrap_or(true),
                language: None,
                size: 0,
                created_at: moment.clone(),
                updated_at: moment,
                pushed_at: None,
                last_number: 0,
                issues: BTreeMap::new(),
                labels: super::labels::defaults(&mut state),
                comments: Vec::new(),
                reviews: Vec::new(),
                review_comments: Vec::new(),
                statuses: Vec::new(),
                check_suites: Vec::new(),
                check_runs: Vec::new(),
                workflows: Vec::new(),
                workflow_runs: Vec::new(),
                hooks: Vec::new(),
                releases: Vec::new(),
            };
            state.insert_repo(repo.clone());
            repo
        };
        let git = self.git(repo.id);
        git.init(&repo.default_branch).await?;
        self.emit(repo.id, "repository", &sender.login, json!({"action": "created"}));
        if new.auto_init {
            self.first_commit(&repo, sender).await?;
        }
        self.ctx().changed(Change::Repositories);
        self.repo(repo.id).ok_or_else(ApiError::not_found)
    }

    async fn first_commit(&self, repo: &Repo, sender: &User) -> Result<()> {
        let git = self.git(repo.id);
        let _writer = self.writer(repo.id).await;
        let text = format!(
            "# {}\n{}",
            repo.name,
            repo.description.as_deref().map(|text| format!("{text}\n")).unwrap_or_default()
        );
        let blob = git.write_blob(text.as_bytes()).await?;
        let change =
            crate::github::git::TreeChange { path: "README.md".to_owned(), object: Some(("100644".to_owned(), blob)) };
        let tree = git.write_tree(None, &[change]).await?;
        let person = super::git_data::person_of(sender);
        let message = "Initial commit".to_owned();
        let commit = NewCommit { tree, parents: Vec::new(), author: person.clone(), committer: person, message };
        let sha = git.write_commit(&commit).await?;
        let name = format!("refs/heads/{}", repo.default_branch);
        git.update_ref(&name, &sha, None).await?;
        self.refs_changed(repo.id, vec![RefChange::new(name, None, Some(&sha))], &sender.login).await;
        Ok(())
    }

    /// Bytes per language on the default branch, told by file endings as far as we know them.
    pub(crate) async fn languages(&self, repo_id: u64) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut languages = BTreeMap::new();
        let git = self.git(repo_id);
        let Some(branch) = self.repo(repo_id).map(|repo| repo.default_branch) else { return Ok(languages) };
        let Some(sha) = git.branch(&branch).await? else { return Ok(languages) };
        for entry in git.tree(&sha, true).await? {
            let ending = entry.path.rsplit_once('.').map_or("", |(_, ending)| ending);
            if let (Some(language), Some(size)) = (language_of(ending), entry.size) {
                *languages.entry(language.to_owned()).or_default() += size;
            }
        }
        Ok(languages)
    }
}

/// GitHub keeps letters, digits, dots, dashes and underscores; everything else becomes a dash.
fn clean_name(name: &str) -> String {
    let name = name.trim().trim_end_matches(".git");
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).take(100).collect()
}

fn language_of(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "rs" => "Rust",
        "py" => "Python",
        "js" | "mjs" | "cjs" => "JavaScript",
        "ts" | "tsx" => "TypeScript",
        "go" => "Go",
        "c" | "h" => "C",
        "cc" | "cpp" | "hpp" => "C++",
        "java" => "Java",
        "rb" => "Ruby",
        "sh" | "bash" => "Shell",
        "html" => "HTML",
        "css" => "CSS",
        _ => return None,
    })
}

pub(crate) async fn list_own(State(github): State<Github>, caller: Caller, paging: Paging) -> Result {
    caller.signed_in()?;
    if caller.app().is_some() {
        return Err(ApiError::forbidden("Resource not accessible by integration"));
    }
    Ok(list(&github, &paging, |_| true))
}

pub(crate) async fn list_of_user(
    State(github): State<Github>,
    Path(login): Path<String>,
    caller: Caller,
    paging: Paging,
) -> Result {
    if github.store().lock().user(&login).is_none() {
        return Err(ApiError::not_found());
    }
    let sees_private = !caller.is_anonymous();
    Ok(list(&github, &paging, |repo| repo.owner.eq_ignore_ascii_case(&login) && (sees_private || !repo.private)))
}

fn list(github: &Github, paging: &Paging, wanted: impl Fn(&Repo) -> bool) -> Response {
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let mut repos: Vec<&Repo> = state.repos.values().filter(|repo| wanted(repo)).collect();
    let sort = paging.parameter("sort").unwrap_or("full_name");
    match sort {
        // Ids grow, and tell the order within one second too.
        "created" => repos.sort_by_key(|repo| repo.id),
        "updated" => repos.sort_by(|a, b| a.updated_at.cmp(&b.updated_at).then(a.id.cmp(&b.id))),
        "pushed" => repos.sort_by(|a, b| a.pushed_at.cmp(&b.pushed_at).then(a.id.cmp(&b.id))),
        _ => repos.sort_by_key(|repo| repo.full_name()),
    }
    let descending = paging.parameter("direction").map_or(sort != "full_name", |direction| direction == "desc");
    if descending {
        repos.reverse();
    }
    paging.list(repos, |repo| views.repo_for(repo, true))
}

pub(crate) async fn create_own(State(github): State<Github>, caller: Caller, Body(new): Body<CreateRepo>) -> Result {
    let user = caller.signed_in()?;
    if caller.app().is_some() {
        return Err(ApiError::forbidden("Resource not accessible by integration"));
    }
    let repo = github.create_repo(&user.login, new, user).await?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).full_repo(&repo, true)))
}

/// Any account may be the owner here: the bot has rights everywhere, and organisations come into being by use.
pub(crate) async fn create_for_organization(
    State(github): State<Github>,
    Path(login): Path<String>,
    caller: Caller,
    Body(new): Body<CreateRepo>,
) -> Result {
    let user = caller.signed_in()?;
    let owner = github.store().lock().ensure_user(&login, "Organization");
    let repo = github.create_repo(&owner.login, new, user).await?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).full_repo(&repo, true)))
}

pub(crate) async fn get(State(github): State<Github>, at: RepoAt) -> Result {
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).full_repo(&repo, may_write(&at.caller))))
}

fn may_write(caller: &Caller) -> bool {
    matches!(caller.kind, CallerKind::Person | CallerKind::Installation { .. })
}

pub(crate) async fn update(State(github): State<Github>, at: RepoAt, Body(change): Body<UpdateRepo>) -> Result {
    at.needs("administration", true)?;
    if let Some(branch) = &change.default_branch {
        if at.git.branch(branch).await?.is_none() {
            return Err(ApiError::custom(
                "Repository",
                format!(
                    "The branch {branch} was not found. Please push that ref first or create it via the Git Data API."
                ),
            ));
        }
        at.git.set_head(branch).await?;
    }
    let before = at.repo()?;
    {
        let mut state = github.store().lock();
        let new_name = change.name.as_deref().map(clean_name).filter(|name| *name != at.name);
        if let Some(name) = &new_name
            && state.repo_by_name(&at.owner, name).is_some_and(|other| other.id != at.id)
        {
            return Err(ApiError::custom("Repository", "name already exists on this account"));
        }
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        if let Some(name) = new_name {
            let former = std::mem::replace(&mut repo.name, name);
            repo.former_names.push(former);
        }
        let private = change.visibility.as_deref().map(|visibility| visibility == "private").or(change.private);
        set(&mut repo.private, private);
        set(&mut repo.archived, change.archived);
        set(&mut repo.default_branch, change.default_branch);
        set(&mut repo.has_issues, change.has_issues);
        set(&mut repo.has_projects, change.has_projects);
        set(&mut repo.has_wiki, change.has_wiki);
        if change.description.is_some() {
            repo.description = change.description;
        }
        if change.homepage.is_some() {
            repo.homepage = change.homepage;
        }
        repo.updated_at = now();
    }
    let repo = at.repo()?;
    tell_update(&github, &before, &repo, &at.caller.user.login);
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).full_repo(&repo, true)))
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn tell_update(github: &Github, before: &Repo, after: &Repo, sender: &str) {
    github.ctx().changed(Change::Repositories);
    if before.name != after.name {
        let changes = json!({"repository": {"name": {"from": before.name}}});
        github.emit(after.id, "repository", sender, json!({"action": "renamed", "changes": changes}));
    }
    if before.archived != after.archived {
        let action = if after.archived { "archived" } else { "unarchived" };
        github.emit(after.id, "repository", sender, json!({"action": action}));
    }
    if before.private != after.private {
        let action = if after.private { "privatized" } else { "publicized" };
        github.emit(after.id, "repository", sender, json!({"action": action}));
    }
    let mut changes = serde_json::Map::new();
    if before.default_branch != after.default_branch {
        changes.insert("default_branch".to_owned(), json!({"from": before.default_branch}));
    }
    if before.description != after.description {
        changes.insert("description".to_owned(), json!({"from": before.description}));
    }
    if !changes.is_empty() {
        github.emit(after.id, "repository", sender, json!({"action": "edited", "changes": Value::Object(changes)}));
    }
}

pub(crate) async fn delete(State(github): State<Github>, at: RepoAt) -> Result {
    at.needs("administration", true)?;
    let _writer = github.writer(at.id).await;
    github.emit(at.id, "repository", &at.caller.user.login, json!({"action": "deleted"}));
    github.store().lock().remove_repo(at.id);
    tokio::fs::remove_dir_all(at.git.path()).await?;
    github.ctx().changed(Change::Repositories);
    Ok(no_content())
}

pub(crate) async fn languages(State(github): State<Github>, at: RepoAt) -> Result {
    Ok(ok(json!(github.languages(at.id).await?)))
}

pub(crate) async fn topics(at: RepoAt) -> Result {
    Ok(ok(json!({"names": at.repo()?.topics})))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Topics {
    names: Vec<String>,
}

pub(crate) async fn replace_topics(State(github): State<Github>, at: RepoAt, Body(topics): Body<Topics>) -> Result {
    at.needs("administration", true)?;
    let good = |name: &String| {
        !name.is_empty()
            && name.len() <= 50
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !topics.names.iter().all(good) {
        return Err(ApiError::unprocessable(
            "Validation Failed: topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens.",
        ));
    }
    let mut state = github.store().lock();
    let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
    repo.topics.clone_from(&topics.names);
    Ok(ok(json!({"names": topics.names})))
}

pub(crate) async fn permission(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, login)): Path<(String, String, String)>,
) -> Result {
    let state = github.store().lock();
    let user = state.user(&login).ok_or_else(ApiError::not_found)?;
    let bot = &github.ctx().settings().github.bot_login;
    let level = if user.login == at.owner || user.login == *bot { "admin" } else { "read" };
    let mut shown = Views::new(github.ctx().urls(), &state).user_of(user);
    let write = level == "admin";
    shown["permissions"] = json!({"admin": write, "maintain": write, "push": write, "triage": write, "pull": true});
    shown["role_name"] = json!(level);
    Ok(ok(json!({"permission": level, "role_name": level, "user": shown})))
}

/// A person following `html_url` lands on the sandbox's page.
pub(crate) async fn show_on_page(
    Path((owner, name)): Path<(String, String)>,
    State(github): State<Github>,
) -> Response {
    let name = name.trim_end_matches(".git");
    if github.store().lock().repo_by_name(&owner, name).is_none() {
        return ApiError::not_found().into_response();
    }
    Redirect::temporary(&format!("/_sandbox/#/repositories/{owner}/{name}")).into_response()
}
