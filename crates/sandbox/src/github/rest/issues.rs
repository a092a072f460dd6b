use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    created,
    labels::{Name, known_names},
    ok,
};
use crate::{
    Change,
    github::{
        Github,
        error::{ApiError, Result},
        http::{Body, Paging, RepoAt},
        model::{Comment, Issue, Pull, now},
        views::Views,
    },
};

type Numbered = Path<(String, String, u64)>;

#[derive(Debug, Deserialize)]
pub(crate) struct CreateIssue {
    title: Option<Value>,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<Name>,
    #[serde(default)]
    assignees: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UpdateIssue {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    state_reason: Option<String>,
    labels: Option<Vec<Name>>,
    assignees: Option<Vec<String>>,
}

pub(crate) fn new_issue(
    id: u64,
    number: u64,
    title: String,
    body: Option<String>,
    user: &str,
    pull: Option<Pull>,
) -> Issue {
    let moment = now();
    Issue {
        id,
        number,
        title,
        body,
        user: user.to_owned(),
        state: "open".to_owned(),
        state_reason: None,
        labels: Vec::new(),
        assignees: Vec::new(),
        created_at: moment.clone(),
        updated_at: moment,
        closed_at: None,
        closed_by: None,
        pull,
    }
}

/// The `changes` of an `edited` webhook.
pub(crate) fn edits(issue: &Issue, title: Option<&str>, body: Option<&str>) -> Value {
    let mut changes = Map::new();
    if title.is_some_and(|title| title != issue.title) {
        changes.insert("title".to_owned(), json!({"from": issue.title}));
    }
    if body.is_some() && body != issue.body.as_deref() {
        changes.insert("body".to_owned(), json!({"from": issue.body.as_deref().unwrap_or("")}));
    }
    Value::Object(changes)
}

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    let repo = at.repo()?;
    let wanted_state = paging.parameter("state").unwrap_or("open");
    let labels: Vec<&str> = paging.parameter("labels").map(|names| names.split(',').collect()).unwrap_or_default();
    let since = paging.parameter("since");
    let mut issues: Vec<&Issue> = repo
        .issues
        .values()
        .filter(|issue| wanted_state == "all" || issue.state == wanted_state)
        .filter(|issue| labels.iter().all(|wanted| issue.labels.iter().any(|label| label.eq_ignore_ascii_case(wanted))))
        .filter(|issue| since.is_none_or(|since| issue.updated_at.as_str() >= since))
        .filter(|issue| paging.parameter("creator").is_none_or(|login| issue.user.eq_ignore_ascii_case(login)))
        .collect();
    if paging.parameter("sort") == Some("updated") {
        issues.sort_by(|a, b| a.updated_at.cmp(&b.updated_at).then(a.number.cmp(&b.number)));
    }
    if paging.parameter("direction").unwrap_or("desc") == "desc" {
        issues.reverse();
    }
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list(issues, |issue| views.issue(&repo, issue)))
}

pub(crate) async fn create(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateIssue>) -> Result {
    at.needs("issues", true)?;
    if !at.repo()?.has_issues {
        return Err(ApiError::new(http::StatusCode::GONE, "Issues are disabled for this repo"));
    }
    // Numbers are titles too.
    let title = match new.title {
        Some(Value::String(title)) if !title.is_empty() => title,
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(ApiError::invalid("Issue", "title", "missing_field")),
    };
    let sender = at.caller.user.login.clone();
    let number = {
        let mut state = github.store().lock();
        let id = state.next_id();
        let labels = known_names(&mut state, at.id, new.labels.into_iter().map(Name::into_text).collect());
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let number = repo.next_number();
        let mut issue = new_issue(id, number, title, new.body, &sender, None);
        issue.labels = labels;
        issue.assignees = new.assignees;
        repo.issues.insert(number, issue);
        number
    };
    let value = tell(&github, &at, number, "opened", Value::Null)?;
    Ok(created(value))
}

/// Send the `issues` webhook, and give the issue as the API shows it. Pull requests have webhooks of their own.
fn tell(github: &Github, at: &RepoAt, number: u64, action: &str, changes: Value) -> Result<Value> {
    let repo = at.repo()?;
    let issue = repo.issues.get(&number).ok_or_else(ApiError::not_found)?;
    let value = {
        let state = github.store().lock();
        Views::new(github.ctx().urls(), &state).issue(&repo, issue)
    };
    if issue.pull.is_none() {
        let mut payload = json!({"action": action, "issue": value});
        if !changes.is_null() {
            payload["changes"] = changes;
        }
        github.emit(at.id, "issues", &at.caller.user.login, payload);
    }
    github.ctx().changed(Change::Repositories);
    Ok(value)
}

pub(crate) async fn get(State(github): State<Github>, at: RepoAt, Path((_, _, number)): Numbered) -> Result {
    let repo = at.repo()?;
    let issue = repo.issues.get(&number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).issue(&repo, issue)))
}

pub(crate) async fn update(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(change): Body<UpdateIssue>,
) -> Result {
    at.needs("issues", true)?;
    if let Some(state) = &change.state
        && !["open", "closed"].contains(&state.as_str())
    {
        return Err(ApiError::invalid("Issue", "state", "invalid"));
    }
    let (before, was_pull) = {
        let mut state = github.store().lock();
        let labels = change
            .labels
            .map(|labels| known_names(&mut state, at.id, labels.into_iter().map(Name::into_text).collect()));
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let issue = repo.issues.get_mut(&number).ok_or_else(ApiError::not_found)?;
        let before = issue.clone();
        if let Some(title) = &change.title {
            issue.title.clone_from(title);
        }
        if change.body.is_some() {
            issue.body.clone_from(&change.body);
        }
        if let Some(labels) = labels {
            issue.labels = labels;
        }
        if let Some(assignees) = change.assignees {
            issue.assignees = assignees;
        }
        let is_pull = issue.pull.is_some();
        if let Some(new) = change.state.filter(|new| *new != issue.state && !is_pull) {
            let closes = new == "closed";
            issue.closed_at = closes.then(now);
            issue.closed_by = closes.then(|| at.caller.user.login.clone());
            let default = if closes { "completed" } else { "reopened" };
            issue.state_reason = Some(change.state_reason.unwrap_or_else(|| default.to_owned()));
            issue.state = new;
        }
        issue.updated_at = now();
        (before, is_pull)
    };
    let after = at.repo()?.issues.get(&number).cloned().ok_or_else(ApiError::not_found)?;
    let changes = edits(&before, change.title.as_deref(), change.body.as_deref());
    if !was_pull && changes.as_object().is_some_and(|changes| !changes.is_empty()) {
        tell(&github, &at, number, "edited", changes)?;
    }
    let action = match (before.state.as_str(), after.state.as_str()) {
        ("open", "closed") => Some("closed"),
        ("closed", "open") => Some("reopened"),
        _ => None,
    };
    if let Some(action) = action {
        return Ok(ok(tell(&github, &at, number, action, Value::Null)?));
    }
    get(State(github), at.clone(), Path((at.owner, at.name, number))).await
}

pub(crate) async fn list_comments(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    paging: Paging,
) -> Result {
    let repo = at.repo()?;
    repo.issues.get(&number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let comments = repo.comments.iter().filter(|comment| comment.number == number).collect();
    Ok(paging.list(comments, |comment| views.comment(&repo, comment)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct WriteComment {
    body: Option<String>,
}

impl WriteComment {
    fn text(self) -> Result<String> {
        self.body
            .filter(|body| !body.is_empty())
            .ok_or_else(|| ApiError::invalid("IssueComment", "body", "missing_field"))
    }
}

pub(crate) async fn create_comment(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(new): Body<WriteComment>,
) -> Result {
    at.needs("issues", true)?;
    let body = new.text()?;
    let comment = {
        let mut state = github.store().lock();
        let id = state.next_id();
        let moment = now();
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let issue = repo.issues.get_mut(&number).ok_or_else(ApiError::not_found)?;
        issue.updated_at.clone_from(&moment);
        let user = at.caller.user.login.clone();
        let comment = Comment { id, number, user, body, created_at: moment.clone(), updated_at: moment };
        repo.comments.push(comment.clone());
        comment
    };
    Ok(created(tell_comment(&github, &at, &comment, "created", Value::Null)?))
}

fn tell_comment(github: &Github, at: &RepoAt, comment: &Comment, action: &str, changes: Value) -> Result<Value> {
    let repo = at.repo()?;
    let issue = repo.issues.get(&comment.number).ok_or_else(ApiError::not_found)?;
    let (shown, issue) = {
        let state = github.store().lock();
        let views = Views::new(github.ctx().urls(), &state);
        (views.comment(&repo, comment), views.issue(&repo, issue))
    };
    let mut payload = json!({"action": action, "issue": issue, "comment": shown});
    if !changes.is_null() {
        payload["changes"] = changes;
    }
    github.emit(at.id, "issue_comment", &at.caller.user.login, payload);
    github.ctx().changed(Change::Repositories);
    Ok(shown)
}

pub(crate) async fn get_comment(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    let repo = at.repo()?;
    let comment = repo.comments.iter().find(|comment| comment.id == id).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).comment(&repo, comment)))
}

pub(crate) async fn update_comment(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    Body(change): Body<WriteComment>,
) -> Result {
    at.needs("issues", true)?;
    let body = change.text()?;
    let (comment, former) = {
        let mut state = github.store().lock();
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let comment = repo.comments.iter_mut().find(|comment| comment.id == id).ok_or_else(ApiError::not_found)?;
        let former = std::mem::replace(&mut comment.body, body);
        comment.updated_at = now();
        (comment.clone(), former)
    };
    let changes = json!({"body": {"from": former}});
    Ok(ok(tell_comment(&github, &at, &comment, "edited", changes)?))
}
