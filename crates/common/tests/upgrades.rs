//! The programs of the version before run on the tables of each migration: nothing that they use goes away or begins to ask for more.
//!
//! Two looks. Each file is read against a list of what breaks older programs. And each migration is applied to a database that has a row in every
//! table, after which every insert that the version before could make still works.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;

use common::db::MIGRATOR;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};

/// Migrations from before there was anything to upgrade from: together they are the first version.
const FIRST_VERSION: i64 = 20_261_122_040_300;

/// The statements of a file, without comments, in capitals, with single spaces; and those that a line above them allows.
fn statements(sql: &str) -> Vec<String> {
    let mut kept = String::new();
    let mut allowed = false;
    for line in sql.lines() {
        if line.trim_start().starts_with("-- contracts: ") {
            allowed = true;
            continue;
        }
        let code = line.split("--").next().unwrap_or_default();
        if !allowed {
            kept.push_str(code);
            kept.push('\n');
        }
        allowed = allowed && !code.contains(';');
    }
    let plain = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    kept.split(';').map(plain).filter(|statement| !statement.is_empty()).collect()
}

/// Why a statement would break the programs of the version before.
fn breaks(statement: &str) -> Option<&'static str> {
    let alters = statement.starts_with("ALTER TABLE");
    let has = |words: &str| statement.contains(words);
    if statement.starts_with("DROP TABLE") || (alters && has(" DROP COLUMN ")) {
        Some("older programs still use what it drops")
    } else if alters && has(" RENAME ") {
        Some("older programs know it by its old name")
    } else if alters && (has(" SET NOT NULL") || has(" ADD CONSTRAINT ") && !has(" DROP CONSTRAINT ")) {
        Some("older programs may write what it refuses")
    } else if alters && has(" ALTER COLUMN ") && has(" TYPE ") {
        Some("older programs read and write the old type")
    } else if alters && has(" ADD COLUMN ") && has(" NOT NULL") && !has(" DEFAULT ") && !has(" GENERATED ") {
        Some("older programs insert no value for it")
    } else if statement.starts_with("CREATE UNIQUE INDEX") {
        Some("older programs may write what it refuses")
    } else {
        None
    }
}

#[test]
fn no_migration_takes_from_older_programs_what_they_use() {
    let mut found = Vec::new();
    for migration in MIGRATOR.iter().filter(|migration| migration.version > FIRST_VERSION) {
        let all = statements(migration.sql.as_str());
        let new: BTreeSet<&str> =
            all.iter().filter_map(|s| s.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next()).collect();
        for statement in &all {
            // What is new in the same file, nobody used before.
            let target = statement.split(' ').find(|word| new.contains(word.split('(').next().unwrap_or_default()));
            if let Some(why) = breaks(statement)
                && target.is_none()
            {
                found.push(format!("{} {}: {why}:\n    {statement}", migration.version, migration.description));
            }
        }
    }
    assert!(found.is_empty(), "{}\nexpand now, contract a version later (docs/upgrading.md)", found.join("\n"));
}

#[test]
fn what_would_break_older_programs_is_found() {
    for statement in [
        "DROP TABLE x",
        "ALTER TABLE x DROP COLUMN y",
        "ALTER TABLE x RENAME COLUMN y TO z",
        "ALTER TABLE x ALTER COLUMN y SET NOT NULL",
        "ALTER TABLE x ALTER COLUMN y TYPE bigint",
        "ALTER TABLE x ADD COLUMN y text NOT NULL",
        "ALTER TABLE x ADD CONSTRAINT y CHECK (z > 0)",
        "CREATE UNIQUE INDEX a ON x (y)",
    ] {
        assert_eq!(statements(statement).iter().filter_map(|s| breaks(s)).count(), 1, "{statement}");
        let later = format!("-- contracts: 0.2.0\n{statement};\n");
        assert!(statements(&later).is_empty(), "one that says which version stopped using it: {statement}");
    }
    for statement in [
        "ALTER TABLE x ADD COLUMN y text",
        "ALTER TABLE x ADD COLUMN y text NOT NULL DEFAULT ''",
        "ALTER TABLE x DROP CONSTRAINT y, ADD CONSTRAINT y CHECK (z IN ('a', 'b'))",
        "CREATE TABLE x (y text NOT NULL)",
        "CREATE INDEX a ON x (y) -- DROP TABLE y",
    ] {
        assert!(statements(statement).iter().all(|s| breaks(s).is_none()), "{statement}");
    }
}

/// A column as the version before knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
struct Column {
    table: String,
    name: String,
    kind: String,
}

async fn columns(pool: &PgPool) -> BTreeSet<Column> {
    let rows: Vec<Column> = sqlx::query_as(
        r#"SELECT table_name::text AS "table", column_name::text AS "name", udt_name::text AS kind FROM information_schema.columns
           WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'"#,
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().collect()
}

/// One migration after the other, on a database with rows: what the programs before can name is there with its type, and the rows that they wrote
/// can be written again with the columns that they know.
#[sqlx::test(migrations = false)]
async fn older_programs_find_their_columns_and_can_write_their_rows(pool: PgPool) {
    let all: Vec<_> = MIGRATOR.iter().cloned().collect();
    let (first, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|migration| migration.version <= FIRST_VERSION);
    let mut applied = first;
    Migrator::with_migrations(applied.clone()).run(&pool).await.unwrap();
    for statement in [
        "INSERT INTO users (id, email, display_name, password_hash, role, created_at, updated_at)
         VALUES (gen_random_uuid(), 'a@example.org', 'A', 'x', 'viewer', now(), now())",
        "INSERT INTO projects (id, repository_url, status, created_at, updated_at, name, slug, repository_id, repository_owner, repository_name, clone_url, default_branch, readme_path, readme_sha, phase)
         VALUES (gen_random_uuid(), 'u', 'building', now(), now(), 'A', 'a', 7, 'o', 'a', 'c', 'main', 'README.md', 's', 'building')",
        "INSERT INTO repositories (id, github_id, owner, name, full_name, html_url, clone_url, default_branch, private, fork, template, archived, state, first_seen_at, updated_at)
         VALUES (gen_random_uuid(), 7, 'o', 'a', 'o/a', 'h', 'c', 'main', false, false, false, false, 'watching', now(), now())",
        "INSERT INTO jobs (id, queue, payload, max_attempts, run_at, created_at) VALUES (gen_random_uuid(), 'q', '{}', 5, now(), now())",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let mut known = columns(&pool).await;
    for migration in later {
        let (version, name) = (migration.version, migration.description.clone());
        applied.push(migration);
        Migrator::with_migrations(applied.clone()).run(&pool).await.unwrap();
        let now = columns(&pool).await;
        let gone: Vec<_> = known.difference(&now).collect();
        assert!(gone.is_empty(), "{version} {name} takes or changes what the version before uses: {gone:?}");
        for table in ["users", "projects", "repositories", "jobs", "settings", "approval_policies"] {
            let names: Vec<String> =
                known.iter().filter(|c| c.table == table).map(|c| format!("\"{}\"", c.name)).collect();
            // The same rows again, by the names that the version before knows.
            let list = names.join(", ");
            let statement = format!(
                "CREATE TEMP TABLE again ON COMMIT DROP AS SELECT {list} FROM {table}; DELETE FROM {table}; INSERT INTO {table} ({list}) OVERRIDING SYSTEM VALUE SELECT {list} FROM again"
            );
            let mut tx = pool.begin().await.unwrap();
            let written = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await;
            assert!(
                written.is_ok(),
                "{version} {name}: the version before cannot write `{table}` any more: {written:?}"
            );
            tx.rollback().await.unwrap();
        }
        known = now;
    }
}
