//! Blobs, trees, commits, tags, and the history between them.

use anyhow::{Context as _, bail};

use super::{Git, run};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    /// RFC 3339, with its offset.
    pub(crate) date: String,
}

#[derive(Debug, Clone)]
pub(crate) struct CommitInfo {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) message: String,
}

#[derive(Debug, Clone)]
pub(crate) struct NewCommit {
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) message: String,
}

#[derive(Debug, Clone)]
pub(crate) struct TreeEntry {
    pub(crate) mode: String,
    /// `blob`, `tree` or `commit`.
    pub(crate) kind: String,
    pub(crate) sha: String,
    pub(crate) size: Option<u64>,
    pub(crate) path: String,
}

/// One line of a new tree; no `object` takes the path out.
#[derive(Debug, Clone)]
pub(crate) struct TreeChange {
    pub(crate) path: String,
    /// Mode and sha.
    pub(crate) object: Option<(String, String)>,
}

const LOG_FORMAT: &str = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x1e";

impl Git {
    pub(crate) async fn commit(&self, sha: &str) -> anyhow::Result<CommitInfo> {
        let mut found = self.log(&["-1", sha]).await?;
        found.pop().with_context(|| format!("commit {sha} is gone"))
    }

    /// Commits as `git log` picks them.
    pub(crate) async fn log(&self, arguments: &[&str]) -> anyhow::Result<Vec<CommitInfo>> {
        let mut all = vec!["log", LOG_FORMAT];
        all.extend_from_slice(arguments);
        let bytes = self.bytes(&all).await?;
        let text = String::from_utf8_lossy(&bytes);
        text.split('\u{1e}').map(str::trim_start).filter(|record| !record.is_empty()).map(parse_commit).collect()
    }

    pub(crate) async fn count(&self, arguments: &[&str]) -> anyhow::Result<u64> {
        let mut all = vec!["rev-list", "--count"];
        all.extend_from_slice(arguments);
        Ok(self.text(&all).await?.parse()?)
    }

    /// The type of an object, when there is one of this full sha.
    pub(crate) async fn kind(&self, sha: &str) -> anyhow::Result<Option<String>> {
        if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let output = self.try_run(&["cat-file", "-t", sha], None).await?;
        Ok((output.code == 0).then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }

    pub(crate) async fn blob(&self, sha: &str) -> anyhow::Result<Vec<u8>> {
        self.bytes(&["cat-file", "blob", sha]).await
    }

    pub(crate) async fn write_blob(&self, content: &[u8]) -> anyhow::Result<String> {
        self.text_with_input(&["hash-object", "-w", "--stdin"], content).await
    }

    /// What a tree holds; `tree` may be any tree-ish.
    pub(crate) async fn tree(&self, tree: &str, recursive: bool) -> anyhow::Result<Vec<TreeEntry>> {
        let mut arguments = vec!["ls-tree", "-z", "--long", "--full-tree"];
        if recursive {
            arguments.extend(["-r", "-t"]);
        }
        arguments.push(tree);
        parse_tree(&self.bytes(&arguments).await?)
    }

    /// The entry at `path` of a tree-ish.
    pub(crate) async fn entry(&self, tree: &str, path: &str) -> anyhow::Result<Option<TreeEntry>> {
        // ls-tree takes paths literally; one that git refuses is one that is not there.
        let output = self.try_run(&["ls-tree", "-z", "--long", "--full-tree", tree, "--", path], None).await?;
        if output.code != 0 {
            return Ok(None);
        }
        Ok(parse_tree(&output.stdout)?.into_iter().find(|entry| entry.path == path))
    }

    pub(crate) async fn tree_of(&self, commit: &str) -> anyhow::Result<String> {
        self.text(&["rev-parse", &format!("{commit}^{{tree}}")]).await
    }

    /// A tree made of `base` and changes. Works on an index of its own, so that several may run at once.
    pub(crate) async fn write_tree(&self, base: Option<&str>, changes: &[TreeChange]) -> anyhow::Result<String> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let index = directory.path().join("index");
        let with_index = |arguments: &[&str]| {
            let mut command = self.command();
            command.env("GIT_INDEX_FILE", &index).args(arguments);
            command
        };
        let base = base.unwrap_or("--empty");
        run(with_index(&["read-tree", base]), None).await?.successful("read-tree")?;
        let mut lines = Vec::new();
        for change in changes {
            let (mode, sha) = change.object.as_ref().map_or(("0", super::ZERO), |(mode, sha)| (mode, sha));
            lines.extend_from_slice(format!("{mode} {sha}\t{}\0", change.path).as_bytes());
        }
        let update = with_index(&["update-index", "-z", "--index-info"]);
        run(update, Some(&lines)).await?.successful("update-index")?;
        let bytes = run(with_index(&["write-tree"]), None).await?.successful("write-tree")?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    pub(crate) async fn write_commit(&self, commit: &NewCommit) -> anyhow::Result<String> {
        let mut command = self.command();
        command
            .env("GIT_AUTHOR_NAME", &commit.author.name)
            .env("GIT_AUTHOR_EMAIL", &commit.author.email)
            .env("GIT_AUTHOR_DATE", &commit.author.date)
            .env("GIT_COMMITTER_NAME", &commit.committer.name)
            .env("GIT_COMMITTER_EMAIL", &commit.committer.email)
            .env("GIT_COMMITTER_DATE", &commit.committer.date)
            .arg("commit-tree")
            .arg(&commit.tree);
        for parent in &commit.parents {
            command.arg("-p").arg(parent);
        }
        command.arg("-F").arg("-");
        let bytes = run(command, Some(commit.message.as_bytes())).await?.successful("commit-tree")?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// An annotated tag; the ref is the caller's to set.
    pub(crate) async fn write_tag(
        &self,
        name: &str,
        object: &str,
        kind: &str,
        tagger: &Person,
        message: &str,
    ) -> anyhow::Result<String> {
        let moment = time::OffsetDateTime::parse(&tagger.date, &time::format_description::well_known::Rfc3339)?;
        let text = format!(
            "object {object}\ntype {kind}\ntag {name}\ntagger {} <{}> {} +0000\n\n{message}\n",
            tagger.name,
            tagger.email,
            moment.unix_timestamp()
        );
        self.text_with_input(&["mktag"], text.as_bytes()).await
    }

    pub(crate) async fn merge_base(&self, one: &str, other: &str) -> anyhow::Result<Option<String>> {
        let output = self.try_run(&["merge-base", one, other], None).await?;
        Ok((output.code == 0).then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }

    pub(crate) async fn is_ancestor(&self, old: &str, new: &str) -> anyhow::Result<bool> {
        Ok(self.try_run(&["merge-base", "--is-ancestor", old, new], None).await?.code == 0)
    }

    /// The tree of a merge, or none when it conflicts.
    pub(crate) async fn merge_tree(&self, base: &str, head: &str) -> anyhow::Result<Option<String>> {
        let output = self.try_run(&["merge-tree", "--write-tree", base, head], None).await?;
        match output.code {
            0 => Ok(String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)),
            1 => Ok(None),
            // Two histories without a common start cannot be merged either.
            _ if output.stderr.contains("unrelated histories") => Ok(None),
            code => bail!("git merge-tree ended with {code}: {}", output.stderr.trim()),
        }
    }
}

fn parse_commit(record: &str) -> anyhow::Result<CommitInfo> {
    let mut fields = record.splitn(10, '\0');
    let mut next = || fields.next().map(str::to_owned).context("git log left out a field");
    Ok(CommitInfo {
        sha: next()?,
        tree: next()?,
        parents: next()?.split_whitespace().map(str::to_owned).collect(),
        author: Person { name: next()?, email: next()?, date: next()? },
        committer: Person { name: next()?, email: next()?, date: next()? },
        message: next()?.trim_end_matches('\n').to_owned(),
    })
}

fn parse_tree(bytes: &[u8]) -> anyhow::Result<Vec<TreeEntry>> {
    let parse = |record: &[u8]| {
        let text = String::from_utf8_lossy(record);
        let (facts, path) = text.split_once('\t').context("git ls-tree left out the path")?;
        let mut words = facts.split_whitespace();
        let mut next = || words.next().context("git ls-tree left out a field");
        Ok(TreeEntry {
            mode: next()?.to_owned(),
            kind: next()?.to_owned(),
            sha: next()?.to_owned(),
            size: next()?.parse().ok(),
            path: path.to_owned(),
        })
    };
    bytes.split(|byte| *byte == 0).filter(|record| !record.is_empty()).map(parse).collect()
}
