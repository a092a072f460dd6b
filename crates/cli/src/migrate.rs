//! `quantapilot migrate`: the tables of every service, forward only.

use std::process::ExitCode;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use clap::Args;
use common::config::{Reader, Secret};
use common::db::MIGRATOR;
use serde_json::json;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::output::{Failure, Output};
use crate::roles::{self, Passwords};

/// Bring the database's tables up to date.
#[derive(Debug, Args)]
pub struct Migrate {
    /// How long to wait for a database that is starting.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: u64,
    /// Also make a role for each service, n8n and the exporter, with rights to its own tables alone, and n8n's database.
    /// Their passwords are `NOTIFICATION_DATABASE_PASSWORD` and so on, as `quantapilot init` makes them.
    #[arg(long)]
    roles: bool,
}

impl Migrate {
    /// Migrates, and says what was done.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let mut env = Reader::from_env();
        let url = common::config::database_url(&mut env);
        let passwords = self.roles.then(|| Passwords::read(&mut env));
        env.finish()?;
        let pool = connect(&url, Duration::from_secs(self.wait), output).await?;
        let (before, after) = migrate(&pool).await?;
        let mut roles = 0;
        if let Some(passwords) = passwords {
            let mut conn = pool.acquire().await.map_err(anyhow::Error::from)?;
            roles = roles::grant(&mut conn, &passwords).await?;
        }
        let applied = after - before;
        let mut text = if applied == 0 {
            format!("The database is up to date ({after} migrations).")
        } else {
            format!("Applied {applied} migration(s); the database is up to date.")
        };
        if roles > 0 {
            text = format!("{text}\n{roles} roles have the rights to their own tables.");
        }
        output.result(&json!({ "applied": applied, "migrations": after, "roles": roles }), text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits for a database that is starting.
async fn connect(url: &Secret, wait: Duration, output: Output) -> Result<PgPool, Failure> {
    let options = PgConnectOptions::from_str(url.expose()).map_err(|_| {
        Failure::usage("DATABASE_URL is not a Postgres URL")
            .hint("for example postgres://user:password@host:5432/database")
    })?;
    let start = Instant::now();
    let mut told = false;
    loop {
        let attempt = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
        match attempt.connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if start.elapsed() < wait && may_pass(&error) => {
                if !told {
                    output.note("waiting for the database to start …");
                    told = true;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                return Err(Failure::new(format!("cannot reach the database: {error}"))
                    .hint("check DATABASE_URL: host, port, user, password and the database's name"));
            }
        }
    }
}

/// Applies what is missing; the numbers of migrations before and after.
async fn migrate(pool: &PgPool) -> Result<(i64, i64), Failure> {
    let count = async || -> i64 {
        // The table is not there before the first run.
        sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success").fetch_one(pool).await.unwrap_or(0)
    };
    let before = count().await;
    MIGRATOR.run(pool).await.map_err(|error| {
        let failure = Failure::new(format!("the migration failed: {error}"));
        match error {
            MigrateError::VersionMissing(_) => {
                failure.hint("the database is newer than this program: use the newer one")
            }
            MigrateError::VersionMismatch(_) => {
                failure.hint("a migration was edited after it was applied: restore its text")
            }
            _ => failure,
        }
    })?;
    Ok((before, count().await))
}

/// Wrong passwords do not become right by waiting; a server that starts or is not there yet may.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        // 57P03: the server is starting up; 3D000: the database is about to be created; 53300: too many connections.
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P03" | "3D000" | "53300")),
        _ => false,
    }
}
