//! Releases and their tags.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::names::encoded;
use super::{FullName, Github, GithubError, Result};

/// What to release.
#[derive(Debug, Clone, Copy)]
pub struct NewRelease<'a> {
    pub tag: &'a str,
    /// The commit, in full.
    pub target: &'a str,
    pub name: &'a str,
    pub body: &'a str,
}

/// A release as GitHub describes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Release {
    pub id: i64,
    pub tag_name: String,
    pub html_url: String,
}

impl Github {
    /// Tag and release a commit unless that is done. Answers whether it was made now.
    pub async fn create_release(&self, repository: &FullName, new: NewRelease<'_>) -> Result<(Release, bool)> {
        self.persist(|| async {
            if let Some(tagged) = self.reference(repository, &format!("tags/{}", new.tag)).await? {
                self.must_be_target(repository, new, &tagged).await?;
            }
            match self.get::<Release>(repository, &format!("/releases/tags/{}", encoded(new.tag))).await {
                Ok(release) => return Ok((release, false)),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
            let body = json!({"tag_name": new.tag, "target_commitish": new.target, "name": new.name, "body": new.body});
            match self.write::<Release>(repository, Method::POST, "/releases", &body).await {
                Ok(release) => Ok((release, true)),
                Err(error) if error.is_already_there() => Err(GithubError::Uncertain { detail: error.to_string() }),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// A tag that stands elsewhere would make the release lie.
    async fn must_be_target(&self, repository: &FullName, new: NewRelease<'_>, tagged: &str) -> Result<()> {
        // An annotated tag is an object of its own; the commit behind it is what counts.
        if tagged == new.target || self.commit(repository, new.tag).await? == new.target {
            return Ok(());
        }
        Err(GithubError::Conflict {
            detail: format!("the tag `{}` exists and names another commit than {}", new.tag, new.target),
        })
    }
}
