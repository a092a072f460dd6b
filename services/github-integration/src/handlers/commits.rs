//! Commits of a project.

use std::collections::HashSet;

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::auth::ServiceCaller;
use common::error::{Error, Problem, Result};
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Step, StepAnswer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::step::{News, StepHeaders, branch_name, outside, report, repository};
use crate::app::App;
use crate::github::commits::{CommitFiles, NewFile};
use crate::github::error::into_answer;

/// Put files on a branch in one commit.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateCommit {
    /// `owner/name`.
    repository: String,
    branch: String,
    message: String,
    #[serde(default)]
    files: Vec<FileContent>,
    /// Paths to remove; what is not there is passed over.
    #[serde(default)]
    delete: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct FileContent {
    path: String,
    content: String,
    #[serde(default)]
    encoding: Encoding,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "base64")]
    Base64,
}

/// Where the branch stands now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Commit {
    sha: String,
    /// `false`: the branch held exactly this already.
    changed: bool,
}

/// Commit files on a branch.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/commits", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = CreateCommit, responses(
    (status = 200, body = Commit), (status = 404, body = Problem, description = "The branch is not there"),
    (status = 422, body = Problem, description = "A path or an encoding is wrong")))]
pub(crate) async fn create_commit(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<CreateCommit>,
) -> Result<StepAnswer> {
    branch_name("branch", &body.branch)?;
    let files = checked_files(&body)?;
    outside(app, id, step, async move |app, step| {
        let name = repository(&app, id, &body.repository).await?;
        let key = step.key();
        let request =
            CommitFiles { branch: &body.branch, message: &body.message, files: &files, delete: &body.delete, step: &key };
        let done = app.github.commit_files(&name, &request).await.map_err(into_answer)?;
        if done.changed {
            let title = body.message.lines().next().unwrap_or_default();
            let news = News {
                key: format!("commit.pushed/{key}"),
                kind: "commit.pushed",
                summary: format!("Committed to `{}`: {title}", body.branch),
                data: json!({"repository": name.to_string(), "branch": body.branch, "sha": done.sha, "files": files.len()}),
            };
            report(&app, id, news).await?;
        }
        Ok(Commit { sha: done.sha, changed: done.changed })
    })
    .await
}

fn checked_files(body: &CreateCommit) -> Result<Vec<NewFile>> {
    let mut error: Option<Error> = None;
    let mut wrong = |field: String, message: String| {
        let known = error
            .take()
            .unwrap_or_else(|| Error::unprocessable("invalid_commit", "The commit cannot be made as described"));
        error = Some(known.with_field(field, message));
    };
    if body.message.trim().is_empty() {
        wrong("message".to_owned(), "must not be empty".to_owned());
    }
    if body.files.is_empty() && body.delete.is_empty() {
        wrong("files".to_owned(), "name at least one file, here or in `delete`".to_owned());
    }
    let mut seen = HashSet::new();
    let mut files = Vec::with_capacity(body.files.len());
    for (at, file) in body.files.iter().enumerate() {
        if let Err(why) = sound_path(&file.path) {
            wrong(format!("files[{at}].path"), why.to_owned());
        } else if !seen.insert(file.path.as_str()) {
            wrong(format!("files[{at}].path"), "is named twice".to_owned());
        }
        let content = match file.encoding {
            Encoding::Utf8 => Ok(file.content.clone().into_bytes()),
            Encoding::Base64 => STANDARD.decode(file.content.split_ascii_whitespace().collect::<String>()),
        };
        match content {
            Ok(content) => files.push(NewFile { path: file.path.clone(), content }),
            Err(cause) => wrong(format!("files[{at}].content"), format!("is not base64: {cause}")),
        }
    }
    for (at, path) in body.delete.iter().enumerate() {
        if let Err(why) = sound_path(path) {
            wrong(format!("delete[{at}]"), why.to_owned());
        } else if !seen.insert(path.as_str()) {
            wrong(format!("delete[{at}]"), "is named twice".to_owned());
        }
    }
    error.map_or(Ok(files), Err)
}

/// Paths come from agents and plans; none may leave the repository or touch git's own files.
fn sound_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() || path.len() > 1000 {
        return Err("must have 1 to 1000 characters");
    }
    if path.starts_with('/') || path.contains('\\') || path.contains(|c: char| c.is_control()) {
        return Err("must be relative, with `/` between its parts and no control characters");
    }
    if path.split('/').any(|part| part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git")) {
        return Err("must not hold empty parts, `.`, `..` or `.git`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_repository() {
        for good in ["README.md", ".cursor/rules/x.mdc", "a/b c/d.txt", ".gitignore", ".github/workflows/ci.yml"] {
            assert!(sound_path(good).is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../b", ".git/config", "a/.GIT/x", "a//b", "a\\b", "x\n"] {
            assert!(sound_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_wrong_file_is_named() {
        let body: CreateCommit = serde_json::from_value(json!({
            "repository": "a/b", "branch": "x", "message": " ",
            "files": [{"path": "../x", "content": ""}, {"path": "a", "content": "!!", "encoding": "base64"}, {"path": "b", "content": ""}],
            "delete": ["b"],
        }))
        .unwrap();
        let error = checked_files(&body).unwrap_err();
        let text = format!("{error:?}");
        for field in ["message", "files[0].path", "files[1].content", "delete[0]"] {
            assert!(text.contains(field), "{field} is missing in {text}");
        }
    }
}
