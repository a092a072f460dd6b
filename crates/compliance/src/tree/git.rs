//! A git revision, read through `git` so that no work tree is needed.

use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use super::{Entry, Kind, Tree};

pub struct Revision {
    entries: Vec<(Entry, String)>,
    objects: Mutex<Objects>,
}

/// One `git cat-file --batch` for the whole check: a process for each file would cost more than reading it.
struct Objects {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It would end by itself when its input closes; this also covers one that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Revision {
    pub fn open(repository: &Path, revision: &str) -> io::Result<Self> {
        if revision.starts_with('-') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{revision}` is not a revision")));
        }
        let listing = Command::new("git")
            .arg("-C")
            .arg(repository)
            .args(["ls-tree", "-r", "-z", "--full-tree", "--long", revision])
            .output()?;
        if !listing.status.success() {
            let why = String::from_utf8_lossy(&listing.stderr).trim().to_owned();
            return Err(io::Error::other(format!("git cannot list `{revision}`: {why}")));
        }
        let mut child = Command::new("git")
            .arg("-C")
            .arg(repository)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let gone = || io::Error::other("git cat-file gave no pipes");
        let mut objects = Objects {
            input: child.stdin.take().ok_or_else(gone)?,
            output: BufReader::new(child.stdout.take().ok_or_else(gone)?),
            child,
        };
        let mut entries = Vec::new();
        for record in listing.stdout.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let record = String::from_utf8_lossy(record);
            let Some((facts, path)) = record.split_once('\t') else { continue };
            let mut facts = facts.split_ascii_whitespace();
            let (Some(mode), Some(_type), Some(object)) = (facts.next(), facts.next(), facts.next()) else { continue };
            let size = facts.next().and_then(|size| size.parse().ok()).unwrap_or(0);
            let kind = match mode {
                "120000" => Kind::Symlink(String::from_utf8_lossy(&objects.read(object)?).into_owned()),
                "160000" => Kind::Other,
                _ => Kind::File,
            };
            entries.push((Entry { path: path.to_owned(), size, kind }, object.to_owned()));
        }
        entries.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        Ok(Self { entries, objects: Mutex::new(objects) })
    }
}

impl Objects {
    fn read(&mut self, object: &str) -> io::Result<Vec<u8>> {
        writeln!(self.input, "{object}")?;
        self.input.flush()?;
        let mut header = String::new();
        self.output.read_line(&mut header)?;
        let size: usize = header
            .split_ascii_whitespace()
            .nth(2)
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| io::Error::other(format!("git has no object `{object}`")))?;
        let mut bytes = vec![0; size + 1];
        self.output.read_exact(&mut bytes)?;
        bytes.pop();
        Ok(bytes)
    }
}

impl Tree for Revision {
    fn entries(&self) -> Cow<'_, [Entry]> {
        self.entries.iter().map(|(entry, _)| entry.clone()).collect()
    }

    fn read(&self, path: &str) -> io::Result<Cow<'_, [u8]>> {
        let index = self
            .entries
            .binary_search_by(|(entry, _)| entry.path.as_str().cmp(path))
            .map_err(|_| io::Error::new(io::ErrorKind::NotFound, format!("`{path}` is not in the revision")))?;
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        objects.read(&self.entries[index].1).map(Cow::Owned)
    }
}
