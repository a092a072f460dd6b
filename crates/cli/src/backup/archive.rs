//! The file: a tar, compressed, encrypted with age to a passphrase. Its last entry is the manifest with the checksum of every other, so a file
//! that ends early, or in which a bit was flipped, is never taken for whole.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::database::Schema;
use crate::output::Failure;

/// The format of this version; a newer one is refused.
pub(super) const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// How much work a passphrase costs, as a power of two: 128 MiB of memory, whatever the machine. Left to itself, age takes what it can do in a
/// second, which may be more than a container is given.
const WORK: u8 = 17;
/// How much work a passphrase may cost at most, as a power of two: about a minute on a slow machine.
const MOST_WORK: u8 = 22;

/// What a backup holds, kept inside it and, without secrets in it anyway, beside it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    /// The version of this program.
    pub(super) made_by: String,
    pub(super) database: Option<Schema>,
    /// How many workflows.
    pub(super) workflows: Option<usize>,
    /// Names of the secrets, never their text.
    pub(super) secrets: Option<Vec<String>>,
    pub(super) entries: Vec<Entry>,
}

/// One entry and its checksum.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Counts and hashes what passes.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

type Encrypted = age::stream::StreamWriter<Hashed<BufWriter<File>>>;

/// Writes a backup.
pub(super) struct Writer {
    tar: tar::Builder<GzEncoder<Encrypted>>,
    entries: Vec<Entry>,
}

/// The encrypted file as a whole.
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Writer {
    pub(super) fn create(file: File, passphrase: &SecretString) -> io::Result<Self> {
        let hashed = Hashed { inner: BufWriter::new(file), hash: Sha256::new(), bytes: 0 };
        let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
        recipient.set_work_factor(WORK);
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient));
        let encrypted = encryptor.map_err(io::Error::other)?.wrap_output(hashed)?;
        let tar = tar::Builder::new(GzEncoder::new(encrypted, flate2::Compression::default()));
        Ok(Self { tar, entries: Vec::new() })
    }

    pub(super) fn add(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        self.append(path, content)?;
        let sha256 = hex::encode(Sha256::digest(content));
        self.entries.push(Entry { path: path.to_owned(), bytes: content.len() as u64, sha256 });
        Ok(())
    }

    fn append(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        self.tar.append_data(&mut header, path, content)
    }

    /// Writes the manifest and brings everything to the disk.
    pub(super) fn finish(mut self, manifest: &mut Manifest) -> io::Result<Written> {
        manifest.entries = std::mem::take(&mut self.entries);
        let text = serde_json::to_vec_pretty(manifest)?;
        self.append(MANIFEST, &text)?;
        let hashed = self.tar.into_inner()?.finish()?.finish()?;
        let (bytes, sha256) = (hashed.bytes, hex::encode(hashed.hash.finalize()));
        let file = hashed.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Written { bytes, sha256 })
    }
}

/// Reads a backup from its beginning, entry by entry. `each` gets the path and the text of every entry but the manifest.
pub(super) fn read(
    path: &Path,
    passphrases: &[SecretString],
    mut each: impl FnMut(&str, Vec<u8>) -> Result<(), Failure>,
) -> Result<Manifest, Failure> {
    let mut archive = tar::Archive::new(GzDecoder::new(open(path, passphrases)?));
    let broken = |error: io::Error| {
        Failure::new(format!("`{}` is damaged or ends early: {error}", path.display()))
            .hint("take another backup; `quantapilot backup list` shows them")
    };
    let mut seen = Vec::new();
    let mut manifest: Option<Manifest> = None;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if name == MANIFEST {
            manifest = Some(manifest_of(path, &content)?);
            continue;
        }
        let sha256 = hex::encode(Sha256::digest(&content));
        seen.push(Entry { path: name.clone(), bytes: content.len() as u64, sha256 });
        each(&name, content)?;
    }
    // The end of the encrypted stream carries a mark of its own; only now is it known that nothing is missing.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    let manifest = manifest.ok_or_else(|| broken(io::Error::from(io::ErrorKind::UnexpectedEof)))?;
    if manifest.entries != seen {
        return Err(broken(io::Error::other("its content is not what its manifest says")));
    }
    Ok(manifest)
}

fn manifest_of(path: &Path, content: &[u8]) -> Result<Manifest, Failure> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let unreadable = |error: serde_json::Error| {
        Failure::new(format!("the manifest in `{}` cannot be read: {error}", path.display()))
    };
    let Format { format } = serde_json::from_slice(content).map_err(unreadable)?;
    if format > FORMAT {
        return Err(Failure::new(format!("`{}` has format {format}; this program knows {FORMAT}", path.display()))
            .hint("use the version of quantapilot that made it, or a newer one"));
    }
    serde_json::from_slice(content).map_err(unreadable)
}

/// Decrypts with the first passphrase that fits.
fn open(path: &Path, passphrases: &[SecretString]) -> Result<Box<dyn Read>, Failure> {
    let mut refusal = None;
    for passphrase in passphrases {
        let file = File::open(path).map_err(|error| {
            Failure::new(format!("cannot open `{}`: {error}", path.display()))
                .hint("`quantapilot backup list --dir DIRECTORY` shows what is there")
        })?;
        let decryptor = age::Decryptor::new_buffered(BufReader::new(file)).map_err(|error| {
            Failure::new(format!("`{}` is no backup, or its beginning is damaged: {error}", path.display()))
        })?;
        let mut identity = age::scrypt::Identity::new(passphrase.clone());
        identity.set_max_work_factor(MOST_WORK);
        match decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)) {
            Ok(reader) => return Ok(Box::new(reader)),
            Err(error) => refusal = Some(error),
        }
    }
    let failure = match refusal {
        Some(age::DecryptError::Io(error)) => Failure::new(format!("cannot read `{}`: {error}", path.display())),
        Some(error @ age::DecryptError::ExcessiveWork { .. }) => Failure::new(format!("`{}`: {error}", path.display())),
        _ => Failure::new(format!("the passphrase does not open `{}`", path.display()))
            .hint("it was made with another BACKUP_PASSPHRASE; a file may hold several, one a line"),
    };
    Err(failure)
}
