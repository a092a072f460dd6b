//! `quantapilot backup restore`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use common::clock::Clock;
use common::config::{self, Reader};
use serde_json::json;

use super::archive::{self, Manifest};
use super::{Folder, Part, choose, database, passphrases, secrets, verify, workflows};
use crate::output::{Failure, Output};
use crate::workflows::bring_in;

/// Bring back the secrets, the database and the workflows of a backup.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup; without it the newest of --dir.
    file: Option<PathBuf>,
    #[command(flatten)]
    folder: Folder,
    /// Only this part; give it more than once for several. On a new machine: `secrets` before anything is started, `database` once
    /// Postgres is up and before the services are, `workflows` once n8n is up.
    #[arg(long = "part", value_name = "PART")]
    parts: Vec<Part>,
    /// Where the secrets' files go.
    #[arg(long, value_name = "DIRECTORY", default_value = "secrets")]
    secrets_dir: PathBuf,
    /// Where n8n's API key is kept.
    #[arg(long, value_name = "FILE", default_value = "secrets/n8n_api_key")]
    api_key_file: PathBuf,
    /// How long to wait for an n8n that is starting.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    wait: u64,
    /// Replace what is there: rows, and secrets that differ.
    #[arg(long)]
    force: bool,
}

impl Restore {
    /// Reads the whole backup once before anything is changed, then brings back what was asked for.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let file = choose(self.file.as_deref(), &self.folder.dir)?;
        let passphrases = passphrases()?;
        let wanted = |part: Part| self.parts.is_empty() || self.parts.contains(&part);
        output.note(format_args!("checking {} …", file.display()));
        let mut small: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let manifest = verify(&file, &passphrases, |path, content| {
            if !path.starts_with("database/") {
                small.insert(path.to_owned(), content);
            }
            Ok(())
        })?;
        let mut report = serde_json::Map::new();
        let mut text = Vec::new();
        if wanted(Part::Secrets) && self.has(Part::Secrets, manifest.secrets.is_some(), output)? {
            let restored = secrets::write(&self.secrets_dir, &under(&small, "secrets/"), self.force)?;
            text.push(format!("Secrets: {} written, {} were there.", restored.written.len(), restored.kept.len()));
            report.insert("secrets".to_owned(), json!(restored));
        }
        if wanted(Part::Database) && self.has(Part::Database, manifest.database.is_some(), output)? {
            let rows = self.load(&file, &passphrases, &manifest).await?;
            text.push(format!("Database: {rows} rows, brought up to date."));
            report.insert("rows".to_owned(), json!(rows));
        }
        if wanted(Part::Workflows) && self.has(Part::Workflows, manifest.workflows.is_some(), output)? {
            let workflows = under(&small, "workflows/");
            let workflows =
                workflows.values().map(|text| workflows::parse(text)).collect::<anyhow::Result<Vec<_>>>()?;
            let count = workflows.len();
            bring_in(workflows, &self.api_key_file, Duration::from_secs(self.wait), output).await?;
            text.push(format!("Workflows: {count}, with n8n's credentials made anew."));
            report.insert("workflows".to_owned(), json!(count));
        }
        output.result(&report, text.join("\n"))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Asked for by name and not in it is an error; not asked for is a remark.
    fn has(&self, part: Part, there: bool, output: Output) -> Result<bool, Failure> {
        if there {
            return Ok(true);
        }
        let what = format!("the backup holds no {part:?}").to_lowercase();
        if self.parts.contains(&part) {
            return Err(Failure::new(what).hint("`quantapilot backup list` shows what each holds"));
        }
        output.note(format_args!("note: {what}"));
        Ok(false)
    }

    async fn load(
        &self,
        file: &std::path::Path,
        passphrases: &[secrecy::SecretString],
        manifest: &Manifest,
    ) -> Result<u64, Failure> {
        let mut env = Reader::from_env();
        let url = config::database_url(&mut env);
        env.finish()?;
        let Some(schema) = &manifest.database else { return Ok(0) };
        let mut load = database::Load::begin(&url, schema, self.force).await?;
        // Reading is blocking work, writing is not: a thread of its own hands over piece by piece.
        let (sender, mut pieces) = tokio::sync::mpsc::channel::<(String, Vec<u8>)>(4);
        let reader = {
            let (file, passphrases) = (file.to_owned(), passphrases.to_vec());
            tokio::task::spawn_blocking(move || {
                archive::read(&file, &passphrases, |path, content| match path.strip_prefix("database/") {
                    Some(rest) => {
                        let table = rest.split('/').next().unwrap_or_default().to_owned();
                        let gone = |_| Failure::new("the restore was given up");
                        sender.blocking_send((table, content)).map_err(gone)
                    }
                    None => Ok(()),
                })
            })
        };
        let mut rest: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        while let Some((name, piece)) = pieces.recv().await {
            let table = schema.tables.iter().find(|table| table.name == name).ok_or_else(|| {
                Failure::new(format!("the backup holds rows of `{name}`, which its manifest does not know"))
            })?;
            // Pieces end anywhere; `COPY` wants whole rows.
            let mut rows = rest.remove(&name).unwrap_or_default();
            rows.extend_from_slice(&piece);
            let end = rows.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            rest.insert(name, rows.split_off(end));
            load.copy(table, &rows).await?;
        }
        reader.await.map_err(|error| Failure::new(format!("reading the backup failed: {error}")))??;
        load.finish(schema, manifest.created_at, Clock::system().now()).await
    }
}

fn under(entries: &BTreeMap<String, Vec<u8>>, folder: &str) -> BTreeMap<String, Vec<u8>> {
    entries
        .iter()
        .filter_map(|(path, content)| Some((path.strip_prefix(folder)?.to_owned(), content.clone())))
        .collect()
}
