//! `quantapilot workflows`: the files of `n8n-workflows/`, checked and brought into n8n.

mod check;
mod files;
mod import;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

pub use files::{Node, Workflow};
pub use import::Import;
pub(crate) use import::{bring_in, put_credentials};

use crate::output::{Failure, Output};

/// The n8n workflows.
#[derive(Debug, Subcommand)]
pub enum Workflows {
    /// Bring the workflows and their credentials into n8n and activate them. Run it again at any time.
    Import(Import),
    /// Check the workflow files without n8n.
    Check {
        /// A folder with workflow files (default: those built into this program).
        #[arg(long, value_name = "DIRECTORY")]
        dir: Option<PathBuf>,
    },
}

/// The workflows that are built into this program.
pub(crate) fn embedded() -> anyhow::Result<Vec<Workflow>> {
    Ok(files::load(None)?.into_iter().map(|(_, workflow)| workflow).collect())
}

impl Workflows {
    /// Runs it.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        match self {
            Self::Import(import) => import.run(output).await,
            Self::Check { dir } => check::run(dir.as_deref(), output),
        }
    }
}
