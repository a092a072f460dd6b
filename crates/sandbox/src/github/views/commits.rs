use std::fmt::Write as _;

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Views, extend, node_id};
use crate::github::{
    git::{CommitInfo, FileChange, Person, RefInfo, Totals, TreeEntry},
    model::Repo,
};

impl Views<'_> {
    fn git_user(person: &Person) -> Value {
        json!({"name": person.name, "email": person.email, "date": utc(&person.date)})
    }

    /// The account behind an address, when it is one of ours.
    fn account_of(&self, person: &Person) -> Value {
        let login = person.email.split('@').next().unwrap_or_default();
        let login = login.split_once('+').map_or(login, |(_, login)| login);
        self.state.user(login).or_else(|| self.state.user(&person.name)).map_or(Value::Null, |user| self.user_of(user))
    }

    fn unverified() -> Value {
        json!({"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null})
    }

    /// A commit of the commits API.
    pub(crate) fn commit(&self, repo: &Repo, commit: &CommitInfo) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html_url(repo));
        let sha = &commit.sha;
        json!({
            "sha": sha,
            "node_id": node_id("Commit", format!("{}:{sha}", repo.id)),
            "commit": {
                "author": Self::git_user(&commit.author),
                "committer": Self::git_user(&commit.committer),
                "message": commit.message,
                "tree": {"sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree)},
                "url": format!("{url}/git/commits/{sha}"),
                "comment_count": 0,
                "verification": Self::unverified(),
            },
            "url": format!("{url}/commits/{sha}"),
            "html_url": format!("{html}/commit/{sha}"),
            "comments_url": format!("{url}/commits/{sha}/comments"),
            "author": self.account_of(&commit.author),
            "committer": self.account_of(&commit.committer),
            "parents": commit.parents.iter().map(|parent| json!({
                "sha": parent,
                "url": format!("{url}/commits/{parent}"),
                "html_url": format!("{html}/commit/{parent}"),
            })).collect::<Vec<_>>(),
        })
    }

    /// The same with what it changed.
    pub(crate) fn commit_with_files(&self, repo: &Repo, commit: &CommitInfo, files: &[FileChange]) -> Value {
        let totals = Totals::of(files);
        let mut value = self.commit(repo, commit);
        extend(
            &mut value,
            json!({
                "stats": {
                    "total": totals.additions + totals.deletions,
                    "additions": totals.additions,
                    "deletions": totals.deletions,
                },
                "files": files.iter().map(|file| self.file_change(repo, file, &commit.sha)).collect::<Vec<_>>(),
            }),
        );
        value
    }

    /// A commit of the git data API.
    pub(crate) fn git_commit(&self, repo: &Repo, commit: &CommitInfo) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html_url(repo));
        let sha = &commit.sha;
        json!({
            "sha": sha,
            "node_id": node_id("Commit", format!("{}:{sha}", repo.id)),
            "url": format!("{url}/git/commits/{sha}"),
            "html_url": format!("{html}/commit/{sha}"),
            "author": Self::git_user(&commit.author),
            "committer": Self::git_user(&commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree)},
            "parents": commit.parents.iter().map(|parent| json!({
                "sha": parent,
                "url": format!("{url}/git/commits/{parent}"),
                "html_url": format!("{html}/commit/{parent}"),
            })).collect::<Vec<_>>(),
            "verification": Self::unverified(),
        })
    }

    /// A commit inside a check suite or workflow run.
    pub(crate) fn simple_commit(commit: &CommitInfo) -> Value {
        json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "author": {"name": commit.author.name, "email": commit.author.email},
            "committer": {"name": commit.committer.name, "email": commit.committer.email},
        })
    }

    /// A commit of a `push` webhook.
    pub(crate) fn pushed_commit(&self, repo: &Repo, commit: &CommitInfo, files: &[FileChange]) -> Value {
        let named = |wanted: &str| {
            files.iter().filter(|file| file.status == wanted).map(|file| file.filename.clone()).collect::<Vec<_>>()
        };
        // A renamed file is one that went and one that came.
        let renamed = files.iter().filter(|file| file.status == "renamed");
        let (came, went): (Vec<_>, Vec<_>) =
            renamed.filter_map(|file| Some((file.filename.clone(), file.previous_filename.clone()?))).unzip();
        let person = |person: &Person| {
            let mut value = json!({"name": person.name, "email": person.email, "date": person.date});
            if let Value::Object(account) = self.account_of(person) {
                value["username"] = account["login"].clone();
            }
            value
        };
        json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "distinct": true,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "url": format!("{}/commit/{}", self.repo_html_url(repo), commit.sha),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "added": ([named("added"), came].concat()),
            "removed": ([named("removed"), went].concat()),
            "modified": named("modified"),
        })
    }

    pub(crate) fn file_change(&self, repo: &Repo, file: &FileChange, sha: &str) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html_url(repo));
        let path = encode_path(&file.filename);
        let mut value = json!({
            "sha": file.sha,
            "filename": file.filename,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": format!("{html}/blob/{sha}/{path}"),
            "raw_url": format!("{html}/raw/{sha}/{path}"),
            "contents_url": format!("{url}/contents/{path}?ref={sha}"),
        });
        if let Some(patch) = &file.patch {
            value["patch"] = Value::String(patch.clone());
        }
        if let Some(previous) = &file.previous_filename {
            value["previous_filename"] = Value::String(previous.clone());
        }
        value
    }

    pub(crate) fn git_ref(&self, repo: &Repo, info: &RefInfo) -> Value {
        let url = self.repo_url(repo);
        json!({
            "ref": info.name,
            "node_id": node_id("Ref", format!("{}:{}", repo.id, info.name)),
            "url": format!("{url}/git/{}", info.name),
            "object": {
                "sha": info.sha,
                "type": info.kind,
                "url": format!("{url}/git/{}s/{}", info.kind, info.sha),
            },
        })
    }

    pub(crate) fn tree(&self, repo: &Repo, sha: &str, entries: &[TreeEntry], truncated: bool) -> Value {
        let url = self.repo_url(repo);
        let entries = entries.iter().map(|entry| {
            let mut value = json!({
                "path": entry.path,
                "mode": entry.mode,
                "type": entry.kind,
                "sha": entry.sha,
                "url": format!("{url}/git/{}s/{}", entry.kind, entry.sha),
            });
            if let Some(size) = entry.size {
                value["size"] = json!(size);
            }
            value
        });
        json!({
            "sha": sha,
            "url": format!("{url}/git/trees/{sha}"),
            "tree": entries.collect::<Vec<_>>(),
            "truncated": truncated,
        })
    }

    /// A file, directory or submodule of the contents API; `content` is given for a file that is asked for itself.
    pub(crate) fn content(&self, repo: &Repo, entry: &TreeEntry, reference: &str, content: Option<&[u8]>) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html_url(repo));
        let path = encode_path(&entry.path);
        let reference = encode_path(reference);
        let (kind, git_kind, view) = match entry.kind.as_str() {
            "tree" => ("dir", "trees", "tree"),
            "commit" => ("submodule", "commits", "tree"),
            _ if entry.mode == "120000" => ("symlink", "blobs", "blob"),
            _ => ("file", "blobs", "blob"),
        };
        let own = format!("{url}/contents/{path}?ref={reference}");
        let git_url = format!("{url}/git/{git_kind}/{}", entry.sha);
        let html_url = format!("{html}/{view}/{reference}/{path}");
        let download = (kind == "file").then(|| format!("{html}/raw/{reference}/{path}"));
        let mut value = json!({
            "type": kind,
            "name": entry.path.rsplit('/').next().unwrap_or(&entry.path),
            "path": entry.path,
            "sha": entry.sha,
            "size": entry.size.unwrap_or(0),
            "url": own,
            "git_url": git_url,
            "html_url": html_url,
            "download_url": download,
            "_links": {"self": own, "git": git_url, "html": html_url},
        });
        if let Some(content) = content {
            value["encoding"] = json!("base64");
            value["content"] = json!(base64_lines(content));
        }
        value
    }
}

/// Base64 with a line break after every 60 characters, as the contents API writes it.
pub(crate) fn base64_lines(content: &[u8]) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(content);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 60 + 1);
    for chunk in encoded.as_bytes().chunks(60) {
        lines.push_str(&String::from_utf8_lossy(chunk));
        lines.push('\n');
    }
    lines
}

/// A path inside an address: slashes stay.
pub(crate) fn encode_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The moment in UTC, as the REST API writes it.
pub(crate) fn utc(date: &str) -> String {
    time::OffsetDateTime::parse(date, &time::format_description::well_known::Rfc3339).map_or_else(
        |_| date.to_owned(),
        |moment| crate::github::model::format_time(moment.to_offset(time::UtcOffset::UTC)),
    )
}
