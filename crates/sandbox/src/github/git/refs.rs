//! Branches and tags.

use std::collections::BTreeMap;

use super::{Git, ZERO};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefInfo {
    /// In full: `refs/heads/main`.
    pub(crate) name: String,
    pub(crate) sha: String,
    /// `commit` or `tag`.
    pub(crate) kind: String,
}

impl Git {
    /// All refs below `prefix`, by name.
    pub(crate) async fn refs(&self, prefix: &str) -> anyhow::Result<Vec<RefInfo>> {
        let listing = self.text(&["for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", prefix]).await?;
        let parse = |line: &str| {
            let mut words = line.split(' ');
            Some(RefInfo {
                name: words.next()?.to_owned(),
                sha: words.next()?.to_owned(),
                kind: words.next()?.to_owned(),
            })
        };
        Ok(listing.lines().filter_map(parse).collect())
    }

    /// Branches and tags with what they point at, for finding out what a push did.
    pub(crate) async fn snapshot(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let refs = self.refs("refs/").await?;
        let ours = |info: &RefInfo| info.name.starts_with("refs/heads/") || info.name.starts_with("refs/tags/");
        Ok(refs.into_iter().filter(ours).map(|info| (info.name, info.sha)).collect())
    }

    /// The ref of exactly this full name.
    pub(crate) async fn find_ref(&self, name: &str) -> anyhow::Result<Option<RefInfo>> {
        // for-each-ref takes the name as a prefix at a slash, so there may be more than the one.
        Ok(self.refs(name).await?.into_iter().find(|info| info.name == name))
    }

    pub(crate) async fn branch(&self, name: &str) -> anyhow::Result<Option<String>> {
        Ok(self.find_ref(&format!("refs/heads/{name}")).await?.map(|info| info.sha))
    }

    /// Set a ref, if it still is where `old` says; false when it is not.
    pub(crate) async fn update_ref(&self, name: &str, new: &str, old: Option<&str>) -> anyhow::Result<bool> {
        let output = self.try_run(&["update-ref", name, new, old.unwrap_or(ZERO)], None).await?;
        Ok(output.code == 0)
    }

    /// Set a ref wherever it is now.
    pub(crate) async fn force_ref(&self, name: &str, new: &str) -> anyhow::Result<()> {
        self.text(&["update-ref", name, new]).await.map(drop)
    }

    pub(crate) async fn delete_ref(&self, name: &str, old: &str) -> anyhow::Result<bool> {
        let output = self.try_run(&["update-ref", "-d", name, old], None).await?;
        Ok(output.code == 0)
    }

    pub(crate) async fn set_head(&self, branch: &str) -> anyhow::Result<()> {
        self.text(&["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]).await.map(drop)
    }

    /// The commit a branch, tag, sha or full ref stands for.
    pub(crate) async fn resolve(&self, revision: &str) -> anyhow::Result<Option<String>> {
        // Nothing that git would read as an option, a range or a walk: GitHub takes names alone.
        if revision.is_empty()
            || revision.starts_with('-')
            || ["^", "~", ":", "@{", ".."].iter().any(|part| revision.contains(part))
        {
            return Ok(None);
        }
        let short = revision.strip_prefix("refs/").unwrap_or(revision);
        for candidate in
            [format!("refs/heads/{short}"), format!("refs/tags/{short}"), format!("refs/{short}"), revision.to_owned()]
        {
            let is_name = candidate.starts_with("refs/");
            if !is_name && !(4..=40).contains(&candidate.len()) && candidate != "HEAD" {
                continue;
            }
            if !is_name && candidate != "HEAD" && !candidate.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            let output = self
                .try_run(
                    &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{candidate}^{{commit}}")],
                    None,
                )
                .await?;
            if output.code == 0 {
                return Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
            }
        }
        Ok(None)
    }

    /// Whether there is no branch yet.
    pub(crate) async fn is_empty(&self) -> anyhow::Result<bool> {
        Ok(self.text(&["for-each-ref", "--count=1", "refs/heads/"]).await?.is_empty())
    }
}

/// Whether git would take this as the full name of a branch or tag.
pub(crate) fn check_ref_name(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")) else {
        return false;
    };
    !rest.is_empty()
        && !rest.ends_with(['/', '.'])
        && !rest.contains("..")
        && !rest.contains("@{")
        && !rest.contains("//")
        && rest.chars().all(|c| !c.is_control() && !" ~^:?*[\\".contains(c))
        && rest.split('/').all(|part| {
            !part.is_empty() && !part.starts_with(['.', '-']) && !part.to_ascii_lowercase().ends_with(".lock")
        })
}
