//! Postgres: the pool and the migrations.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};

use crate::config::Secret;
pub use crate::error::OnConstraint;

/// Every migration of every owner, in order.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// A table or view, and the owner that the name of its migration tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: &'static str,
    /// `common`, `dashboard`, `cursor`, `github` or `notification`.
    pub owner: &'static str,
    /// A view is what an owner shows to everybody.
    pub view: bool,
}

/// Every table and view that some migration makes.
pub fn relations() -> Vec<Relation> {
    let mut relations = Vec::new();
    for migration in MIGRATOR.iter() {
        // A file's name without its version, underscores turned into blanks.
        let owner = migration.description.split(' ').next().unwrap_or_default();
        for line in migration.sql.as_str().lines() {
            let made = |words: &str| line.strip_prefix(words).and_then(|rest| rest.split([' ', '(']).next());
            let table = made("CREATE TABLE IF NOT EXISTS ").or_else(|| made("CREATE TABLE "));
            let view = made("CREATE OR REPLACE VIEW ").or_else(|| made("CREATE VIEW "));
            if let Some(name) = table.or(view) {
                relations.push(Relation { name, owner, view: table.is_none() });
            }
        }
    }
    relations
}

/// A pool that connects at first use, so that a database that starts later does not stop the service.
pub fn connect(url: &Secret, max_connections: u32) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(url.expose()).map_err(|_| {
        anyhow::anyhow!("DATABASE_URL is not a Postgres URL (example: postgres://user:password@host:5432/database)")
    })?;
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(true)
        .connect_lazy_with(options))
}

/// A connection that hears what is told on `channel`. It must stay the same one, so it takes the direct way where there is one.
pub async fn listen(pool: &PgPool, direct: Option<&Secret>, channel: &str) -> sqlx::Result<PgListener> {
    let mut listener = match direct {
        Some(url) => PgListener::connect(url.expose()).await?,
        None => PgListener::connect_with(pool).await?,
    };
    listener.listen(channel).await?;
    Ok(listener)
}

/// Whether the database answers and is migrated at least as far as this binary knows.
pub async fn check(pool: &PgPool) -> anyhow::Result<()> {
    let newest = MIGRATOR.iter().map(|m| m.version).max().unwrap_or(0);
    let applied: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(pool)
        .await
        .context("the database does not answer or was never migrated (run `quantapilot migrate`)")?;
    anyhow::ensure!(
        applied.unwrap_or(0) >= newest,
        "the database is older than this binary: run `quantapilot migrate`"
    );
    Ok(())
}
