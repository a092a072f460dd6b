//! Repositories, as people see them.

use axum::extract::State;
use common::auth::{Caller, Operator, Viewer};
use common::error::{Error, Problem, Result};
use common::http::{Json, Path, Query};
use common::ids::RepositoryId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::github::FullName;
use crate::github::error::into_answer;
use crate::intake::{ConsiderError, Outcome, Seen, consider};
use crate::store::repositories::{self, Repository};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// `next_cursor` of the page before.
    cursor: Option<RepositoryId>,
    /// 1 to 100; 50 unless given.
    limit: Option<i64>,
}

/// A page of repositories, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Repositories {
    items: Vec<Repository>,
    next_cursor: Option<RepositoryId>,
}

/// List the repositories we know, and why each is or is not a project.
#[utoipa::path(get, path = "/api/v1/repositories", tag = "repositories", params(Page), responses((status = 200, body = Repositories)))]
pub(crate) async fn list_repositories(
    State(app): State<App>,
    _: Caller<Viewer>,
    Query(page): Query<Page>,
) -> Result<Json<Repositories>> {
    let limit = page.limit.unwrap_or(50).clamp(1, 100);
    let items = repositories::list(&mut *app.db.acquire().await?, page.cursor, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|n| n == limit);
    let next_cursor = items.last().filter(|_| full).map(|r| r.id);
    Ok(Json(Repositories { items, next_cursor }))
}

/// Get a repository.
#[utoipa::path(get, path = "/api/v1/repositories/{id}", tag = "repositories", params(("id" = RepositoryId, Path)), responses(
    (status = 200, body = Repository), (status = 404, body = Problem)))]
pub(crate) async fn get_repository(
    State(app): State<App>,
    _: Caller<Viewer>,
    Path(id): Path<RepositoryId>,
) -> Result<Json<Repository>> {
    let found = repositories::find(&mut *app.db.acquire().await?, id).await?;
    found.map(Json).ok_or_else(|| Error::not_found("no_such_repository", format!("There is no repository `{id}`")))
}

/// Start a project from a repository by hand.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AdoptRepository {
    /// `owner/name` or its address on GitHub.
    repository: String,
}

/// Start a project from a repository that did not start by itself: a fork, one from before, one that no list shows.
#[utoipa::path(post, path = "/api/v1/repositories", tag = "repositories", request_body = AdoptRepository, responses(
    (status = 200, body = Repository), (status = 404, body = Problem),
    (status = 422, body = Problem, description = "It has no README that says what to build, or is archived")))]
pub(crate) async fn adopt_repository(
    State(app): State<App>,
    caller: Caller<Operator>,
    Json(body): Json<AdoptRepository>,
) -> Result<Json<Repository>> {
    let name = name_in(&body.repository)?;
    tracing::info!(repository = %name, user.id = %caller.user_id, "asked to start a project by hand");
    let seen = Seen { by: "person", github_id: None, readme_added: false, by_hand: true };
    let outcome = consider(&app, &name, seen).await.map_err(|error| match error {
        ConsiderError::Github(error) => into_answer(error),
        ConsiderError::Database(error) => error.into(),
    })?;
    match outcome {
        Outcome::Intake | Outcome::Known => {}
        Outcome::Gone => {
            return Err(Error::not_found(
                "no_such_repository",
                format!("GitHub shows us no repository `{name}`: check the name, and that our credentials may see it"),
            ));
        }
        Outcome::Ignored(reason) | Outcome::Watching(reason) => {
            let why = match reason {
                "archived" => "it is archived; unarchive it first",
                "no_readme" => "it has no README; push one that says what to build",
                _ => "its README says nothing but a title; write what to build",
            };
            return Err(Error::unprocessable(reason, format!("`{name}` cannot become a project: {why}")));
        }
    }
    let found = repositories::find_by_name(&mut *app.db.acquire().await?, &name.to_string()).await?;
    found.map(Json).ok_or_else(|| anyhow::anyhow!("`{name}` was written down under another name").into())
}

/// People paste addresses.
fn name_in(text: &str) -> Result<FullName> {
    let path = text
        .trim()
        .split_once("://")
        .map_or(text.trim(), |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    path.parse().map_err(|error| {
        Error::unprocessable("invalid_repository", format!("{error}"))
            .with_field("repository", "must be `owner/name` or its address")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_taken() {
        for text in [
            "ada/todo",
            " https://github.com/ada/todo ",
            "https://github.com/ada/todo.git",
            "http://localhost:3900/ada/todo/",
        ] {
            assert_eq!(name_in(text).unwrap().to_string(), "ada/todo", "{text}");
        }
        for text in ["", "ada", "https://github.com/ada", "https://github.com/ada/todo/issues"] {
            assert!(name_in(text).is_err(), "{text}");
        }
    }
}
