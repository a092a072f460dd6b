//! A repository for somebody to start with: made for the demo user, its README pushed with git.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Github,
    error::{ApiError, Result},
    git,
    rest::CreateRepo,
    views::Views,
};
use crate::agents;

/// Either one of the bundled READMEs, or a name and a text.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct DemoRequest {
    #[serde(default)]
    pub readme: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
}

impl Github {
    /// Make the repository and push the README; answers the repository as the API shows it.
    pub async fn demo(&self, request: DemoRequest) -> anyhow::Result<Value> {
        self.make_demo(request).await.map_err(|error| anyhow::anyhow!("{error}"))
    }

    pub(crate) async fn make_demo(&self, request: DemoRequest) -> Result<Value> {
        let (wanted, text) = match (&request.readme, &request.text) {
            (Some(key), _) => {
                let readme = agents::readmes().iter().find(|readme| readme.key == key);
                let readme = readme.ok_or_else(|| ApiError::unprocessable(unknown_readme(key)))?;
                (request.name.unwrap_or_else(|| readme.repository.to_owned()), readme.text.to_owned())
            }
            (None, Some(text)) if !text.trim().is_empty() => {
                (request.name.unwrap_or_else(|| "project".to_owned()), text.clone())
            }
            _ => return Err(ApiError::unprocessable("Say which `readme`, or give a `name` and a `text`.")),
        };
        let settings = self.ctx().settings().github.clone();
        let owner = self.store().lock().ensure_user(&settings.demo_login, "User");
        let name = self.free_name(&owner.login, &wanted);
        let new = CreateRepo { name, ..CreateRepo::default() };
        let repo = self.create_repo(&owner.login, new, &owner).await?;
        let address =
            authenticated(self.ctx().base_url(), &settings.demo_login, &settings.demo_token, &repo.full_name());
        push_readme(&address, &settings.demo_login, &text).await?;
        let repo = self.repo(repo.id).ok_or_else(ApiError::not_found)?;
        let state = self.store().lock();
        Ok(Views::new(self.ctx().urls(), &state).full_repo(&repo, true))
    }

    fn free_name(&self, owner: &str, wanted: &str) -> String {
        let state = self.store().lock();
        let mut name = wanted.to_owned();
        let mut number = 1;
        while state.repo_by_name(owner, &name).is_some() {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        name
    }
}

fn unknown_readme(key: &str) -> String {
    let known: Vec<&str> = agents::readmes().iter().map(|readme| readme.key).collect();
    format!("There is no bundled README `{key}`; there are: {}.", known.join(", "))
}

fn authenticated(base: &str, login: &str, token: &str, full_name: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("http", base));
    format!("{scheme}://{login}:{token}@{rest}/{full_name}.git")
}

/// What a person would do: init, commit, push.
async fn push_readme(address: &str, login: &str, text: &str) -> anyhow::Result<()> {
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let at = directory.path();
    in_directory(at, login, &["init", "--quiet", "--initial-branch", "main"]).await?;
    tokio::fs::write(at.join("README.md"), text).await?;
    in_directory(at, login, &["add", "README.md"]).await?;
    in_directory(at, login, &["commit", "--quiet", "--message", "Describe the project"]).await?;
    in_directory(at, login, &["push", "--quiet", address, "main"]).await
}

async fn in_directory(directory: &Path, login: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = git::command();
    command
        .current_dir(directory)
        .env("GIT_AUTHOR_NAME", login)
        .env("GIT_AUTHOR_EMAIL", format!("{login}@sandbox.invalid"))
        .env("GIT_COMMITTER_NAME", login)
        .env("GIT_COMMITTER_EMAIL", format!("{login}@sandbox.invalid"))
        .args(arguments);
    let what = arguments.first().copied().unwrap_or_default();
    git::run(command, None).await?.successful(what).map(drop)
}
