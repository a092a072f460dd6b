//! The tables, through `COPY`: one snapshot of all of them out, and in again over tables that our own migrations made.
//!
//! Not `pg_dump`: it is no part of the small image this runs in, must not be older than the server, and would bring tables of another version
//! than the programs know. Here the schema always comes from the migrations.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use common::config::Secret;
use common::db::MIGRATOR;
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use time::OffsetDateTime;

use super::archive::Writer;
use crate::output::Failure;

/// How much of a table one entry holds.
const CHUNK: usize = 1024 * 1024;
/// Rows of these are people's work; a database without any is empty, whatever the services have noted in it.
const WORK: [&str; 6] = ["users", "projects", "repositories", "agent_runs", "hitl_decisions", "notifications"];

/// What was dumped, and with which tables it fits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Schema {
    /// Version of the server.
    pub(super) postgres: String,
    pub(super) migrations: Vec<Applied>,
    /// Each after those it refers to.
    pub(super) tables: Vec<Table>,
    pub(super) sequences: BTreeMap<String, i64>,
}

/// A migration that was applied.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Applied {
    pub(super) version: i64,
    pub(super) sha384: String,
}

/// A table that was dumped.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: u64,
}

impl Schema {
    pub(super) fn newest_migration(&self) -> Option<i64> {
        self.migrations.iter().map(|applied| applied.version).max()
    }
}

/// Opens the one connection that is needed.
pub(super) async fn connect(url: &Secret) -> Result<PgConnection, Failure> {
    let options = PgConnectOptions::from_str(url.expose()).map_err(|_| {
        Failure::usage("DATABASE_URL is not a Postgres URL")
            .hint("for example postgres://user:password@host:5432/database")
    })?;
    let connect = tokio::time::timeout(std::time::Duration::from_secs(10), options.connect()).await;
    let failed = |why: String| {
        Failure::new(format!("cannot reach the database: {why}"))
            .hint("check DATABASE_URL: host, port, user, password and the database's name")
    };
    connect.map_err(|_| failed("no answer within 10 s".to_owned()))?.map_err(|error| failed(error.to_string()))
}

fn database(error: &sqlx::Error) -> Failure {
    let failure = Failure::new(format!("the database refused: {error}"));
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
        Some("42501") => failure.hint(
            "the user of DATABASE_URL lacks rights: to back up it must read every table, to restore it must own them (the one that `quantapilot migrate` uses)",
        ),
        Some("55P03") => failure.hint("somebody else uses the tables: stop the services first"),
        Some("53100") => failure.hint("the database's disk is full"),
        _ if matches!(error, sqlx::Error::Io(_)) => failure.hint("the connection was lost: is Postgres up? Then run it again"),
        _ => failure,
    }
}

/// Writes every table as it is at one moment, while others go on writing.
pub(super) async fn dump(
    url: &Secret,
    archive: &mut Writer,
    full: impl Fn(&std::io::Error) -> Failure,
) -> Result<Schema, Failure> {
    let mut conn = connect(url).await?;
    let failed = |error: sqlx::Error| database(&error);
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut conn).await.map_err(failed)?;
    let migrations = applied(&mut conn).await?;
    let mut schema = Schema {
        postgres: sqlx::query_scalar("SHOW server_version").fetch_one(&mut conn).await.map_err(failed)?,
        migrations,
        tables: Vec::new(),
        sequences: BTreeMap::new(),
    };
    for (name, columns) in in_order(&mut conn).await.map_err(failed)? {
        let statement = format!(
            "COPY {} ({}) TO STDOUT",
            quoted(&name),
            columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ")
        );
        let (mut rows, mut number, mut buffer) = (0, 0, Vec::new());
        let mut stream = conn.copy_out_raw(&statement).await.map_err(failed)?;
        loop {
            let piece = stream.try_next().await.map_err(failed)?;
            let over = piece.is_none();
            buffer.extend_from_slice(piece.as_deref().unwrap_or_default());
            if buffer.len() >= CHUNK || (over && !buffer.is_empty()) {
                number += 1;
                rows += memchr::memchr_iter(b'\n', &buffer).count() as u64; // line ends in values are escaped
                archive.add(&format!("database/{name}/{number:06}.copy"), &buffer).map_err(|error| full(&error))?;
                buffer.clear();
            }
            if over {
                break;
            }
        }
        drop(stream);
        schema.tables.push(Table { name, columns, rows });
    }
    let sequences: Vec<(String, i64)> = sqlx::query_as(
        "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL",
    )
    .fetch_all(&mut conn)
    .await
    .map_err(failed)?;
    schema.sequences = sequences.into_iter().collect();
    sqlx::raw_sql("COMMIT").execute(&mut conn).await.map_err(failed)?;
    let _ = conn.close().await;
    Ok(schema)
}

async fn applied(conn: &mut PgConnection) -> Result<Vec<Applied>, Failure> {
    let rows: Result<Vec<(i64, Vec<u8>)>, _> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(conn)
            .await;
    match rows {
        Ok(rows) => {
            Ok(rows.into_iter().map(|(version, checksum)| Applied { version, sha384: hex::encode(checksum) }).collect())
        }
        Err(error)
            if error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("42P01") =>
        {
            Err(Failure::new("the database was never migrated: there is nothing of QuantaPilot in it")
                .hint("check the database's name in DATABASE_URL"))
        }
        Err(error) => Err(database(&error)),
    }
}

/// Every table with its columns, each table after those it refers to.
async fn in_order(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, Vec<String>)>> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations'
         ORDER BY c.relname, a.attnum",
    )
    .fetch_all(&mut *conn)
    .await?;
    let references: Vec<(String, String)> = sqlx::query_as(
        "SELECT a.relname::text, b.relname::text FROM pg_constraint f
         JOIN pg_class a ON a.oid = f.conrelid JOIN pg_class b ON b.oid = f.confrelid
         WHERE f.contype = 'f' AND a.oid <> b.oid",
    )
    .fetch_all(conn)
    .await?;
    let mut waiting: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in columns {
        waiting.entry(table).or_default().push(column);
    }
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready: Vec<String> = waiting
            .keys()
            .filter(|table| !references.iter().any(|(from, to)| from == *table && waiting.contains_key(to)))
            .cloned()
            .collect();
        // Tables that refer to each other in a circle would need their constraints deferred; there are none, and a test says so.
        let ready = if ready.is_empty() { waiting.keys().cloned().collect() } else { ready };
        for table in ready {
            if let Some(columns) = waiting.remove(&table) {
                ordered.push((table, columns));
            }
        }
    }
    Ok(ordered)
}

/// Refuses what this program cannot bring back rightly.
pub(super) fn check(schema: &Schema) -> Result<(), Failure> {
    for applied in &schema.migrations {
        let Some(known) = MIGRATOR.iter().find(|migration| migration.version == applied.version) else {
            return Err(Failure::new(format!(
                "the backup has the migration {}, which this program does not know",
                applied.version
            ))
            .hint("it was made by a newer version: use that one"));
        };
        if hex::encode(&*known.checksum) != applied.sha384 {
            return Err(Failure::new(format!(
                "the migration {} of the backup is another than this program's",
                applied.version
            ))
            .hint("use the version of quantapilot that made the backup"));
        }
    }
    let newest = schema.newest_migration().unwrap_or(0);
    match MIGRATOR
        .iter()
        .find(|known| known.version < newest && !schema.migrations.iter().any(|a| a.version == known.version))
    {
        Some(missing) => Err(Failure::new(format!(
            "the backup lacks the migration {}, which is older than its newest",
            missing.version
        ))
        .hint("use the version of quantapilot that made the backup")),
        None => Ok(()),
    }
}

/// Puts the tables back, all in one transaction: a restore that is interrupted has changed nothing.
pub(super) struct Load {
    conn: PgConnection,
    /// The table whose rows are coming in, and how far it got.
    rows: BTreeMap<String, u64>,
}

impl Load {
    /// Looks whether the target may be overwritten, then makes the tables of the backup's version in it.
    pub(super) async fn begin(url: &Secret, schema: &Schema, force: bool) -> Result<Self, Failure> {
        let mut conn = connect(url).await?;
        let failed = |error: sqlx::Error| database(&error);
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')",
        )
        .fetch_all(&mut conn)
        .await
        .map_err(failed)?;
        let foreign: Vec<&str> = tables.iter().map(String::as_str).filter(|table| !is_ours(table, schema)).collect();
        if !foreign.is_empty() {
            return Err(Failure::new(format!(
                "the database also holds tables that are not QuantaPilot's: {}",
                foreign.join(", ")
            ))
            .hint("restore into a database of its own; --force does not change this"));
        }
        if !force {
            refuse_work(&mut conn, &tables).await?;
            refuse_company(&mut conn).await?;
        }
        sqlx::raw_sql("BEGIN; SET LOCAL lock_timeout = '15s'").execute(&mut conn).await.map_err(failed)?;
        remove(&mut conn, &tables).await.map_err(failed)?;
        let newest = schema.newest_migration().unwrap_or(0);
        let tables = MIGRATOR.iter().filter(|migration| migration.version <= newest).map(|m| m.sql.as_str().to_owned());
        sqlx::raw_sql(MIGRATIONS_TABLE).execute(&mut conn).await.map_err(failed)?;
        for sql in tables {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.map_err(failed)?;
        }
        for migration in MIGRATOR.iter().filter(|migration| migration.version <= newest) {
            sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ($1, $2, true, $3, 0)")
                .bind(migration.version)
                .bind(&*migration.description)
                .bind(&*migration.checksum)
                .execute(&mut conn)
                .await
                .map_err(failed)?;
        }
        for table in schema.tables.iter().rev() {
            // What migrations put in comes from the backup; rows that come in are no news to anybody.
            let name = quoted(&table.name);
            sqlx::raw_sql(AssertSqlSafe(format!("ALTER TABLE {name} DISABLE TRIGGER USER; DELETE FROM {name}")))
                .execute(&mut conn)
                .await
                .map_err(failed)?;
        }
        Ok(Self { conn, rows: BTreeMap::new() })
    }

    /// A piece of a table.
    pub(super) async fn copy(&mut self, table: &Table, piece: &[u8]) -> Result<(), Failure> {
        let columns = table.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        let statement = format!("COPY {} ({columns}) FROM STDIN", quoted(&table.name));
        let failed = |error: sqlx::Error| database(&error);
        let mut copy = self.conn.copy_in_raw(&statement).await.map_err(failed)?;
        copy.send(piece).await.map_err(failed)?;
        *self.rows.entry(table.name.clone()).or_default() += copy.finish().await.map_err(failed)?;
        Ok(())
    }

    /// Checks the counts, tells the rows that their n8n is gone, and makes it all visible at once.
    pub(super) async fn finish(
        mut self,
        schema: &Schema,
        made_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<u64, Failure> {
        let failed = |error: sqlx::Error| database(&error);
        for table in &schema.tables {
            let loaded = self.rows.get(&table.name).copied().unwrap_or(0);
            if loaded != table.rows {
                return Err(Failure::new(format!(
                    "`{}` got {loaded} rows instead of {}; nothing was changed",
                    table.name, table.rows
                )));
            }
        }
        for (sequence, value) in &schema.sequences {
            sqlx::query("SELECT setval($1::regclass, $2)")
                .bind(quoted(sequence))
                .bind(value)
                .execute(&mut self.conn)
                .await
                .map_err(failed)?;
        }
        super::settle::executions(&mut self.conn, made_at, now).await.map_err(failed)?;
        for table in &schema.tables {
            let statement = format!("ALTER TABLE {} ENABLE TRIGGER USER", quoted(&table.name));
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.conn).await.map_err(failed)?;
        }
        sqlx::raw_sql("COMMIT").execute(&mut self.conn).await.map_err(failed)?;
        sqlx::raw_sql("ANALYZE").execute(&mut self.conn).await.map_err(failed)?;
        MIGRATOR.run(&mut self.conn).await.map_err(|error| {
            Failure::new(format!("the tables are back, but bringing them up to date failed: {error}"))
                .hint("run `quantapilot migrate`")
        })?;
        let _ = self.conn.close().await;
        Ok(self.rows.values().sum())
    }
}

/// As sqlx makes it.
const MIGRATIONS_TABLE: &str = "CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Whether a table is one that our migrations make.
fn is_ours(table: &str, schema: &Schema) -> bool {
    let made: BTreeSet<&str> = MIGRATOR
        .iter()
        .flat_map(|migration| migration.sql.as_str().lines())
        .filter_map(|line| line.trim_start().strip_prefix("CREATE TABLE "))
        .map(|rest| rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(']).next().unwrap_or_default())
        .collect();
    table == "_sqlx_migrations" || made.contains(table) || schema.tables.iter().any(|known| known.name == table)
}

async fn refuse_work(conn: &mut PgConnection, tables: &[String]) -> Result<(), Failure> {
    let mut found = Vec::new();
    for table in WORK.iter().filter(|table| tables.iter().any(|there| there == *table)) {
        let statement = AssertSqlSafe(format!("SELECT count(*) FROM {}", quoted(table)));
        let rows: i64 = sqlx::query_scalar(statement).fetch_one(&mut *conn).await.map_err(|error| database(&error))?;
        if rows > 0 {
            found.push(format!("{rows} in {table}"));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the database is not empty: it holds rows ({})", found.join(", ")))
        .hint("back it up first if you need it; --force replaces everything in it"))
}

/// Services that run would go on with what they have read from the tables before.
async fn refuse_company(conn: &mut PgConnection) -> Result<(), Failure> {
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT coalesce(usename::text, '?') || coalesce(' from ' || host(client_addr), '') FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    .fetch_all(conn)
    .await
    .map_err(|error| database(&error))?;
    if others.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("others are connected to the database: {}", others.join(", ")))
        .hint("stop the services first; --force restores under them"))
}

/// Removes our tables and functions, and leaves the schema with its grants.
async fn remove(conn: &mut PgConnection, tables: &[String]) -> sqlx::Result<()> {
    for table in tables {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE IF EXISTS {} CASCADE", quoted(table))))
            .execute(&mut *conn)
            .await?;
    }
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
    )
    .fetch_all(&mut *conn)
    .await?;
    for function in functions {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP FUNCTION IF EXISTS {function} CASCADE"))).execute(&mut *conn).await?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
