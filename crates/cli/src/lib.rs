//! The commands behind `quantapilot`, as a library, so that the developer's tool can call them too.
//!
//! They talk to Postgres, n8n and our own services, and keep no state beside the secrets' files.

pub mod api_key;
pub mod backup;
pub mod doctor;
pub mod init;
pub mod migrate;
pub mod n8n;
pub mod output;
pub mod roles;
pub mod rotate;
pub mod services;
pub mod token;
pub mod user;
pub mod workflows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::{Failure, Output};

/// The operator's tool of QuantaPilot.
#[derive(Debug, Parser)]
#[command(name = "quantapilot", version, propagate_version = true)]
pub struct Arguments {
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make every secret that is missing, as files that only you can read; rotate those that are there.
    Init(init::Init),
    /// Bring the database's tables up to date.
    Migrate(migrate::Migrate),
    /// Users of the dashboard.
    #[command(subcommand)]
    User(user::User),
    /// Keys with which programs act for people.
    #[command(subcommand)]
    ApiKey(api_key::ApiKey),
    /// The n8n workflows.
    #[command(subcommand)]
    Workflows(workflows::Workflows),
    /// Check a repository's documents against the rules.
    Compliance(compliance::cli::ComplianceArgs),
    /// Back up the database, the workflows and the secrets, and bring them back.
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Look whether everything is there and answers.
    Doctor(doctor::Doctor),
    /// Make a token with which a service may be called by hand, for debugging.
    Token(token::Token),
}

/// Runs a command.
pub async fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(command) => command.run(output).await,
        Command::Migrate(command) => command.run(output).await,
        Command::User(command) => command.run(output).await,
        Command::ApiKey(command) => command.run(output).await,
        Command::Workflows(command) => command.run(output).await,
        Command::Compliance(command) => {
            let code = compliance::cli::run(command);
            Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
        }
        Command::Backup(command) => command.run(output).await,
        Command::Doctor(command) => Box::pin(command.run(output)).await,
        Command::Token(command) => command.run(output),
    }
}
