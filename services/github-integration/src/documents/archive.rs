//! A commit's tree as GitHub packs it, read within bounds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Read as _};

use compliance::tree::{Entry, Kind, Tree};
use flate2::read::MultiGzDecoder;
use tar::EntryType;

/// More than the largest repositories that agents are let loose on; a check has to end.
const MOST_FILES: usize = 50_000;
/// Unpacked, with everything that is thrown away while reading.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Of the files whose content the check reads.
const MOST_KEPT: u64 = 96 * 1024 * 1024;
/// Larger files are not kept: the check would only say that it does not read them.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;

/// A tree in memory: every name, and the content of what the check reads.
pub(crate) struct Archive {
    entries: Vec<Entry>,
    contents: HashMap<String, Vec<u8>>,
}

/// Why a tree cannot be checked here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the tree is larger than what is checked here ({0})")]
    TooLarge(&'static str),
    #[error("the archive cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl Archive {
    /// Unpacks a `.tar.gz` whose entries lie in one folder.
    pub(crate) fn read(packed: &[u8]) -> Result<Self, Unfit> {
        let mut archive = tar::Archive::new(MultiGzDecoder::new(packed).take(MOST_BYTES));
        let (mut entries, mut contents, mut kept) = (Vec::new(), HashMap::new(), 0);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            if !matches!(kind, EntryType::Regular | EntryType::Symlink | EntryType::Link) {
                continue;
            }
            let name = entry.path_bytes().into_owned();
            // Names that are not UTF-8 are known to exist, and never read.
            let name = String::from_utf8_lossy(&name).into_owned();
            let Some((_, path)) = name.split_once('/') else { continue };
            if entries.len() == MOST_FILES {
                return Err(Unfit::TooLarge("more than 50,000 files"));
            }
            let size = entry.size();
            let kind = match entry.link_name_bytes() {
                Some(target) if kind != EntryType::Regular => {
                    Kind::Symlink(String::from_utf8_lossy(&target).into_owned())
                }
                _ => Kind::File,
            };
            if kind == Kind::File && size <= LARGEST_FILE && compliance::engine::reads(path) {
                kept += size;
                if kept > MOST_KEPT {
                    return Err(Unfit::TooLarge("more than 96 MiB of documents, code and settings"));
                }
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                contents.insert(path.to_owned(), bytes);
            }
            entries.push(Entry { path: path.to_owned(), size, kind });
        }
        if archive.into_inner().limit() == 0 {
            return Err(Unfit::TooLarge("more than 512 MiB"));
        }
        Ok(Self { entries, contents })
    }
}

impl Tree for Archive {
    fn entries(&self) -> Cow<'_, [Entry]> {
        Cow::Borrowed(&self.entries)
    }

    fn read(&self, path: &str) -> io::Result<Cow<'_, [u8]>> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("`{path}` was left out"));
        self.contents.get(path).map(|bytes| Cow::Borrowed(bytes.as_slice())).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(build: impl FnOnce(&mut tar::Builder<GzEncoder<Vec<u8>>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        build(&mut builder);
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn add(builder: &mut tar::Builder<GzEncoder<Vec<u8>>>, path: &str, bytes: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, bytes).unwrap();
    }

    #[test]
    fn texts_are_kept_and_pictures_only_named() {
        let long = format!("demo-todo-0123456/{}/deep.md", "folder".repeat(30));
        let archive = Archive::read(&packed(|builder| {
            add(builder, "demo-todo-0123456/README.md", b"# Todo\n");
            add(builder, "demo-todo-0123456/logo.png", &[0; 4000]);
            add(builder, &long, b"# Deep\n");
            let mut link = tar::Header::new_gnu();
            link.set_entry_type(EntryType::Symlink);
            link.set_size(0);
            builder.append_link(&mut link, "demo-todo-0123456/docs/readme.md", "../README.md").unwrap();
        }))
        .unwrap();
        let paths: Vec<&str> = archive.entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!((paths.len(), paths[0], paths[1]), (4, "README.md", "logo.png"));
        assert_eq!(archive.text("README.md").as_deref(), Some("# Todo\n"));
        assert!(archive.text("logo.png").is_none());
        assert_eq!(archive.entries[3].kind, Kind::Symlink("../README.md".to_owned()));
        assert!(archive.text(paths[2]).is_some(), "long names are read");
    }

    #[test]
    fn what_is_broken_or_too_much_is_said() {
        let whole = packed(|builder| add(builder, "a/README.md", &vec![b'x'; 100_000]));
        assert!(matches!(Archive::read(&whole[..whole.len() / 2]), Err(Unfit::Unreadable(_))));
        assert!(matches!(Archive::read(b"no archive"), Err(Unfit::Unreadable(_))));
        let bomb = packed(|builder| {
            for number in 0..13 {
                add(builder, &format!("a/{number}.md"), &vec![b'x'; 8 * 1024 * 1024]);
            }
        });
        assert!(matches!(Archive::read(&bomb), Err(Unfit::TooLarge(_))));
        let mut empty = GzEncoder::new(Vec::new(), Compression::fast());
        empty.write_all(&[0; 1024]).unwrap();
        assert!(Archive::read(&empty.finish().unwrap()).unwrap().entries.is_empty());
    }
}
