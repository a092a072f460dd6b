use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::ok;
use crate::github::{
    Github,
    error::{ApiError, Result},
    http::{Paging, RepoAt},
    views::Views,
};

fn protection(url: &str) -> Value {
    json!({
        "enabled": false,
        "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        "url": url,
    })
}

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    let refs = at.git.refs("refs/heads/").await?;
    let base = format!("{}/repos/{}/{}", github.ctx().base_url(), at.owner, at.name);
    Ok(paging.list(refs, |info| {
        let name = info.name.trim_start_matches("refs/heads/");
        json!({
            "name": name,
            "commit": {"sha": info.sha, "url": format!("{base}/commits/{}", info.sha)},
            "protected": false,
        })
    }))
}

/// `GET …/branches/{branch}` and `GET …/branches/{branch}/protection`.
pub(crate) async fn get(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, name)): Path<(String, String, String)>,
) -> Result {
    if let Some(sha) = at.git.branch(&name).await? {
        let commit = at.git.commit(&sha).await?;
        let repo = at.repo()?;
        let state = github.store().lock();
        let views = Views::new(github.ctx().urls(), &state);
        let url = format!("{}/branches/{name}", views.repo_url(&repo));
        let protection_url = format!("{url}/protection");
        return Ok(ok(json!({
            "name": name,
            "commit": views.commit(&repo, &commit),
            "_links": {"self": url, "html": format!("{}/tree/{name}", views.repo_html_url(&repo))},
            "protected": false,
            "protection": protection(&protection_url),
            "protection_url": protection_url,
        })));
    }
    if let Some(branch) = name.strip_suffix("/protection")
        && at.git.branch(branch).await?.is_some()
    {
        return Err(ApiError::new(http::StatusCode::NOT_FOUND, "Branch not protected"));
    }
    Err(ApiError::new(http::StatusCode::NOT_FOUND, "Branch not found"))
}
