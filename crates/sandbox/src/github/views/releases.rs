use serde_json::{Value, json};

use super::{Views, commits::encode_path, node_id};
use crate::github::model::{Release, Repo};

impl Views<'_> {
    pub(crate) fn release(&self, repo: &Repo, release: &Release) -> Value {
        let url = format!("{}/releases/{}", self.repo_url(repo), release.id);
        let html = self.repo_html_url(repo);
        let tag = encode_path(&release.tag_name);
        json!({
            "id": release.id,
            "node_id": node_id("Release", release.id),
            "url": url,
            "html_url": format!("{html}/releases/tag/{tag}"),
            "assets_url": format!("{url}/assets"),
            "upload_url": format!("{}/api/uploads/repos/{}/releases/{}/assets{{?name,label}}", self.base, repo.full_name(), release.id),
            "tarball_url": format!("{}/tarball/{tag}", self.repo_url(repo)),
            "zipball_url": format!("{}/zipball/{tag}", self.repo_url(repo)),
            "tag_name": release.tag_name,
            "target_commitish": release.target_commitish,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": false,
            "author": self.user(&release.author),
            "assets": [],
            "created_at": release.created_at,
            "updated_at": release.published_at.as_deref().unwrap_or(&release.created_at),
            "published_at": release.published_at,
        })
    }
}
