//! What a repository holds.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::github::{RepositoryAnalysis, TreeEntry};
use common::error::{Error, Problem, Result};
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Step, StepAnswer};
use serde::Deserialize;
use utoipa::ToSchema;

use super::step::{StepHeaders, outside, repository};
use crate::app::App;
use crate::github::error::into_answer;

/// More files help no planner, and the answer is kept with the project.
const MOST_FILES: usize = 5000;

/// Ask what a repository holds.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Analyse {
    /// `owner/name`.
    repository: String,
    /// A branch, tag or commit; the default branch unless given.
    #[serde(rename = "ref")]
    at: Option<String>,
}

/// Analyse a repository: languages, files, README.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/analyse", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = Analyse, responses(
    (status = 200, body = RepositoryAnalysis), (status = 409, body = Problem, description = "Superseded, or the repository is empty")))]
pub(crate) async fn analyse(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<Analyse>,
) -> Result<StepAnswer> {
    outside(app, id, step, async move |app, _| read(&app, id, body).await).await
}

async fn read(app: &App, project_id: ProjectId, body: Analyse) -> Result<RepositoryAnalysis> {
    let name = repository(app, project_id, &body.repository).await?;
    let github = &app.github;
    let found = github.repository(&name).await.map_err(into_answer)?;
    let at = body.at.unwrap_or_else(|| found.default_branch.clone());
    let head_sha = github
        .commit_at(&name, &at)
        .await
        .map_err(into_answer)?
        .ok_or_else(|| Error::conflict("repository_empty", format!("`{name}` has no commit yet")))?;
    let files = github.files(&name, &head_sha).await.map_err(into_answer)?;
    let languages = github.languages(&name).await.map_err(into_answer)?;
    let readme = github.readme(&name, Some(&head_sha)).await.map_err(into_answer)?;
    let is_empty_but_readme = files.files.iter().all(says_nothing_of_code);
    let tree_truncated = files.truncated || files.files.len() > MOST_FILES;
    let tree = files.files.into_iter().take(MOST_FILES).collect();
    Ok(RepositoryAnalysis {
        head_sha,
        default_branch: found.default_branch,
        languages,
        tree,
        tree_truncated,
        readme,
        is_empty_but_readme,
    })
}

/// What GitHub offers to put into a new repository.
fn says_nothing_of_code(file: &TreeEntry) -> bool {
    let name = file.path.to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    !name.contains('/')
        && (matches!(stem, "readme" | "license" | "licence" | "copying")
            || matches!(name.as_str(), ".gitignore" | ".gitattributes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_puts_into_a_new_repository_is_nothing() {
        let file = |path: &str| TreeEntry { path: path.to_owned(), size: 1 };
        for nothing in ["README.md", "LICENSE", "LICENSE.txt", ".gitignore", "readme"] {
            assert!(says_nothing_of_code(&file(nothing)), "{nothing}");
        }
        for something in ["src/readme.md", "main.py", ".github/workflows/ci.yml", "gitignore"] {
            assert!(!says_nothing_of_code(&file(something)), "{something}");
        }
    }
}
