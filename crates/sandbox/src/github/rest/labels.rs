use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;

use super::{created, ok};
use crate::github::{
    Github,
    error::{ApiError, Result},
    http::{Body, Paging, RepoAt},
    model::{Label, Repo},
    store::State as GithubState,
    views::Views,
};

/// Every new repository has these.
const DEFAULTS: [(&str, &str, &str); 9] = [
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
];

pub(crate) fn defaults(state: &mut GithubState) -> Vec<Label> {
    DEFAULTS
        .into_iter()
        .map(|(name, color, description)| Label {
            id: state.next_id(),
            name: name.to_owned(),
            color: color.to_owned(),
            description: Some(description.to_owned()),
            default: true,
        })
        .collect()
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateLabel {
    #[serde(default)]
    name: String,
    color: Option<String>,
    description: Option<String>,
}

/// A list of names, alone or in an object: clients send both.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Names {
    Object { labels: Vec<Name> },
    List(Vec<Name>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Name {
    Text(String),
    Object { name: String },
}

impl Name {
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(name) | Self::Object { name } => name,
        }
    }
}

impl Names {
    fn into_texts(self) -> Vec<String> {
        let (Self::Object { labels } | Self::List(labels)) = self;
        labels.into_iter().map(Name::into_text).collect()
    }
}

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list(repo.labels.iter().collect(), |label| views.label(&repo, label)))
}

pub(crate) async fn get(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, name)): Path<(String, String, String)>,
) -> Result {
    let repo = at.repo()?;
    let label = find(&repo, &name).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).label(&repo, label)))
}

fn find<'a>(repo: &'a Repo, name: &str) -> Option<&'a Label> {
    repo.labels.iter().find(|label| label.name.eq_ignore_ascii_case(name))
}

pub(crate) async fn create(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateLabel>) -> Result {
    at.needs("issues", true)?;
    if new.name.is_empty() {
        return Err(ApiError::invalid("Label", "name", "missing_field"));
    }
    let color = new.color.unwrap_or_else(|| "ededed".to_owned());
    if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ApiError::invalid("Label", "color", "invalid"));
    }
    let label = {
        let mut state = github.store().lock();
        let id = state.next_id();
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        if find(repo, &new.name).is_some() {
            return Err(ApiError::invalid("Label", "name", "already_exists"));
        }
        let label = Label { id, name: new.name, color, description: new.description, default: false };
        repo.labels.push(label.clone());
        label
    };
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).label(&repo, &label)))
}

/// Names as the repository writes them; unknown ones become new labels.
pub(crate) fn known_names(state: &mut GithubState, repo_id: u64, names: Vec<String>) -> Vec<String> {
    let mut known = Vec::new();
    for name in names {
        let id = state.next_id();
        let Some(repo) = state.repo_mut(repo_id) else { continue };
        let name = if let Some(label) = find(repo, &name) {
            label.name.clone()
        } else {
            let color = "ededed".to_owned();
            repo.labels.push(Label { id, name: name.clone(), color, description: None, default: false });
            name
        };
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

type Numbered = Path<(String, String, u64)>;

pub(crate) async fn of_issue(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    paging: Paging,
) -> Result {
    let repo = at.repo()?;
    let issue = repo.issues.get(&number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    let labels = Views::new(github.ctx().urls(), &state).labels_of(&repo, issue);
    Ok(paging.list(labels, |label| label))
}

pub(crate) async fn add(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(names): Body<Names>,
) -> Result {
    change(
        &github,
        &at,
        number,
        |issue, names| {
            for name in names {
                if !issue.contains(&name) {
                    issue.push(name);
                }
            }
        },
        names,
    )
}

pub(crate) async fn set(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(names): Body<Names>,
) -> Result {
    change(&github, &at, number, |issue, names| *issue = names, names)
}

fn change(
    github: &Github,
    at: &RepoAt,
    number: u64,
    apply: impl FnOnce(&mut Vec<String>, Vec<String>),
    names: Names,
) -> Result {
    at.needs("issues", true)?;
    let mut state = github.store().lock();
    let names = known_names(&mut state, at.id, names.into_texts());
    let issue = state.repo_mut(at.id).and_then(|repo| repo.issues.get_mut(&number)).ok_or_else(ApiError::not_found)?;
    apply(&mut issue.labels, names);
    shown(github, &state, at.id, number)
}

pub(crate) async fn remove(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number, name)): Path<(String, String, u64, String)>,
) -> Result {
    at.needs("issues", true)?;
    let mut state = github.store().lock();
    let issue = state.repo_mut(at.id).and_then(|repo| repo.issues.get_mut(&number)).ok_or_else(ApiError::not_found)?;
    let before = issue.labels.len();
    issue.labels.retain(|label| !label.eq_ignore_ascii_case(&name));
    if issue.labels.len() == before {
        return Err(ApiError::new(http::StatusCode::NOT_FOUND, "Label does not exist"));
    }
    shown(&github, &state, at.id, number)
}

fn shown(github: &Github, state: &GithubState, repo_id: u64, number: u64) -> Result {
    let repo = state.repos.get(&repo_id).ok_or_else(ApiError::not_found)?;
    let issue = repo.issues.get(&number).ok_or_else(ApiError::not_found)?;
    Ok(ok(Value::Array(Views::new(github.ctx().urls(), state).labels_of(repo, issue))))
}
