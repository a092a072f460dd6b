use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::{quantapilot, run};

const PASSPHRASE: &str = "a-passphrase-for-tests-only";

/// A home with secrets and a folder for backups, and a database.
struct Home {
    dir: tempfile::TempDir,
    url: String,
}

impl Home {
    fn new(pool: &PgPool) -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap(), url: url(&pool.connect_options()) };
        let (code, _, stderr) = run(&mut quantapilot(&["init", "--dir", home.path("secrets").to_str().unwrap()]));
        assert_eq!(code, 0, "{stderr}");
        home
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = quantapilot(&["--json", "backup"]);
        command.args(arguments).current_dir(self.dir.path());
        command.env("DATABASE_URL", &self.url).env("BACKUP_PASSPHRASE", PASSPHRASE);
        command
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (code, stdout, stderr) = run(&mut self.tool(arguments));
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        assert!(!stdout.contains(PASSPHRASE) && !stderr.contains(PASSPHRASE));
        serde_json::from_str(&stdout).unwrap()
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        let (code, _, stderr) = run(&mut self.tool(arguments));
        assert_eq!(code, 1, "{arguments:?}: {stderr}");
        assert!(stderr.contains("error: "), "{stderr}");
        stderr
    }
}

/// As `DATABASE_URL`, whose password the pool does not tell, with another name.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn url(options: &PgConnectOptions) -> String {
    let given = std::env::var("DATABASE_URL").expect("the tests need DATABASE_URL");
    let (server, _) = given.rsplit_once('/').expect("a database's URL has a path");
    format!("{server}/{}", options.get_database().expect("a test has a database"))
}

/// Rows with everything that could go wrong in them: line ends, tabs, backslashes, nulls, arrays, bytes, JSON, references, a counter.
async fn fill(pool: &PgPool) {
    for statement in [
        r"INSERT INTO users (id, email, display_name, password_hash, role, created_at, updated_at)
          SELECT gen_random_uuid(), 'u' || n || '@example.org', E'Zoë\t' || n || E'\n\\N \\.', 'x', 'viewer', now(), now() FROM generate_series(1, 300) n",
        "INSERT INTO jobs (id, queue, payload, state, max_attempts, run_at, created_at)
          SELECT gen_random_uuid(), 'q', jsonb_build_object('text', repeat(E'line\n', 400), 'n', n), 'ready', 5, now(), now() FROM generate_series(1, 900) n",
        "INSERT INTO projects (id, repository_url, status, created_at, updated_at, name, slug, repository_id, repository_owner, repository_name, clone_url, default_branch, readme_path, readme_sha, phase, carrier_execution_id)
          VALUES ('0199d6ff-0000-7000-8000-000000000001', 'https://x.example/a', 'building', now(), now(), 'A', 'a', 7, 'o', 'a', 'c', 'main', 'README.md', 's', 'building', '57')",
        "INSERT INTO workflow_executions (execution_id, project_id, workflow, epoch, state, registered_at)
          VALUES ('57', '0199d6ff-0000-7000-8000-000000000001', 'project', 3, 'alive', now())",
        "INSERT INTO telegram_links (user_id, telegram_user_id, name, created_at) SELECT id, 42, 'Z', now() FROM users LIMIT 1",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
}

/// Every row of a table as one text.
async fn rows(pool: &PgPool, table: &'static str) -> Vec<String> {
    let statement = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t ORDER BY 1"));
    sqlx::query_scalar(statement).fetch_all(pool).await.unwrap()
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_backed_up_comes_back_and_lost_workflows_are_marked(pool: PgPool) {
    fill(&pool).await;
    let home = Home::new(&pool);
    let before = (rows(&pool, "users").await, rows(&pool, "jobs").await, rows(&pool, "approval_policies").await);

    let made = home.json(&["create", "--textfile-dir", "metrics"]);
    let file = made["file"].as_str().unwrap().to_owned();
    assert!(made["skipped"][0].as_str().unwrap().contains("N8N_URL is not set"), "{made}");
    let metrics = std::fs::read_to_string(home.path("metrics/quantapilot_backup.prom")).unwrap();
    assert!(metrics.contains("\nquantapilot_backup_last_success_timestamp_seconds "), "{metrics}");
    let bytes = std::fs::read(home.path(&file)).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "an established format");
    let listed = home.json(&["list"]);
    assert_eq!(listed["backups"][0]["description"]["rows"], made["description"]["rows"]);
    assert_eq!(
        home.json(&["verify"])["manifest"]["secrets"].as_array().unwrap().len(),
        18,
        "all but its own passphrase"
    );

    // Not over what is there; the answer says what that is.
    let refused = home.refusal(&["restore", "--part", "database"]);
    assert!(refused.contains("300 in users") && refused.contains("hint: "), "{refused}");
    assert_eq!(rows(&pool, "users").await, before.0);

    // Something was lost, and services run: the test's own pool stands for them.
    sqlx::raw_sql("DROP TABLE telegram_links; DELETE FROM jobs; DELETE FROM workflow_executions; DELETE FROM projects; DELETE FROM users")
        .execute(&pool)
        .await
        .unwrap();
    let refused = home.refusal(&["restore", "--part", "database"]);
    assert!(
        refused.contains("others are connected to the database") && refused.contains("stop the services first"),
        "{refused}"
    );
    let restored = home.json(&["restore", "--part", "database", "--force"]);
    assert_eq!(restored["rows"], made["description"]["rows"]);
    assert_eq!(rows(&pool, "users").await, before.0);
    assert_eq!(rows(&pool, "jobs").await, before.1);
    assert_eq!(rows(&pool, "approval_policies").await, before.2, "rows of migrations are not there twice");
    assert_eq!(rows(&pool, "telegram_links").await.len(), 1);
    let (execution, state): (String, String) =
        sqlx::query_as("SELECT execution_id, state FROM workflow_executions").fetch_one(&pool).await.unwrap();
    assert!(execution.starts_with("restored-") && execution.ends_with("-57"), "{execution}");
    assert_eq!(state, "lost", "a new n8n counts from one again");
    // Counters go on where they were, triggers are on again, and migrating finds nothing to do.
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO projects (id, repository_url, status, created_at, updated_at, name, slug, repository_id, repository_owner, repository_name, clone_url, default_branch, readme_path, readme_sha, phase)
         VALUES (gen_random_uuid(), 'u', 'building', now(), now(), 'B', 'b', 8, 'o', 'b', 'c', 'main', 'README.md', 's', 'building') RETURNING number",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(number, 2);
    let off: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(off, 0);
    let (code, stdout, stderr) = run(quantapilot(&["--json", "migrate"]).env("DATABASE_URL", &home.url));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\"applied\": 0"), "{stdout}");
}

#[sqlx::test(migrations = false)]
async fn an_older_backup_is_brought_up_to_date(pool: PgPool) {
    // As a version before the last migration left it.
    let migrations: Vec<_> = common::db::MIGRATOR.iter().cloned().collect();
    let (newest, older) = migrations.split_last().unwrap();
    sqlx::migrate::Migrator::with_migrations(older.to_vec()).run(&pool).await.unwrap();
    let home = Home::new(&pool);
    home.json(&["create", "--part", "database"]);
    let restored = home.json(&["restore", "--part", "database", "--force"]);
    assert!(restored["rows"].as_i64().unwrap() > 0);
    let version: i64 =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(&pool).await.unwrap();
    assert_eq!(version, newest.version);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_health_check_fails_when_the_newest_backup_is_old(pool: PgPool) {
    let home = Home::new(&pool);
    let refused = home.refusal(&["list", "--max-age", "26"]);
    assert!(refused.contains("no backup of the last 26 hours"), "{refused}");
    home.json(&["create", "--part", "secrets"]);
    assert_eq!(home.json(&["list", "--max-age", "26"])["backups"].as_array().unwrap().len(), 1);
    let of_today = std::fs::read_dir(home.path("backups")).unwrap().flatten().map(|entry| entry.path());
    let of_today = of_today.into_iter().find(|path| path.to_string_lossy().ends_with(".backup.age")).unwrap();
    std::fs::rename(of_today, home.path("backups/quantapilot-20200101T000000Z.backup.age")).unwrap();
    home.refusal(&["list", "--max-age", "26"]);
    assert_eq!(home.json(&["list"])["backups"].as_array().unwrap().len(), 1, "it is listed all the same");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn secrets_come_back_and_never_over_others(pool: PgPool) {
    let home = Home::new(&pool);
    home.json(&["create", "--part", "secrets"]);
    let kept = std::fs::read(home.path("secrets/n8n_encryption_key")).unwrap();
    let restored = home.json(&["restore", "--secrets-dir", "elsewhere", "--part", "secrets"]);
    assert_eq!(restored["secrets"]["written"].as_array().unwrap().len(), 18);
    assert_eq!(std::fs::read(home.path("elsewhere/n8n_encryption_key")).unwrap(), kept);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&home.path("elsewhere")), mode(&home.path("elsewhere/n8n_encryption_key"))), (0o700, 0o600));
    // The same again is no conflict; another one is.
    assert_eq!(
        home.json(&["restore", "--secrets-dir", "elsewhere", "--part", "secrets"])["secrets"]["kept"]
            .as_array()
            .unwrap()
            .len(),
        18
    );
    std::fs::write(home.path("elsewhere/n8n_encryption_key"), "another").unwrap();
    let refused = home.refusal(&["restore", "--secrets-dir", "elsewhere", "--part", "secrets"]);
    assert!(refused.contains("holds other secrets of these names: n8n_encryption_key"), "{refused}");
    assert_eq!(std::fs::read_to_string(home.path("elsewhere/n8n_encryption_key")).unwrap(), "another");
    let refused = home.refusal(&["restore", "--part", "database"]);
    assert!(refused.contains("the backup holds no database"), "{refused}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn wrong_passphrases_and_damaged_files_change_nothing(pool: PgPool) {
    fill(&pool).await;
    let home = Home::new(&pool);
    let file = home.path(home.json(&["create", "--part", "database"])["file"].as_str().unwrap());
    let name = file.to_str().unwrap().to_owned();

    let mut wrong = home.tool(&["verify", &name]);
    let (code, _, stderr) = run(wrong.env("BACKUP_PASSPHRASE", "another-passphrase-altogether"));
    assert_eq!(code, 1);
    assert!(stderr.contains("the passphrase does not open") && stderr.contains("hint: "), "{stderr}");
    // One of several lines fits.
    let mut several = home.tool(&["verify", &name]);
    let lines = format!("a-newer-passphrase-than-that\n{PASSPHRASE}");
    let (code, _, stderr) = run(several.env("BACKUP_PASSPHRASE", lines));
    assert_eq!(code, 0, "{stderr}");

    let whole = std::fs::read(&file).unwrap();
    let description = file.with_extension("json");
    for (what, damaged) in [
        ("truncated", whole[..whole.len() - 100].to_vec()),
        ("without its last chunk", whole[..whole.len() / 2].to_vec()),
        ("with a changed byte", {
            let mut changed = whole.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
            changed
        }),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let with_checksum = home.refusal(&["restore", &name, "--part", "database", "--force"]);
        assert!(with_checksum.contains("damaged or ends early"), "{what}: {with_checksum}");
        std::fs::rename(&description, description.with_extension("aside")).unwrap();
        let alone = home.refusal(&["restore", &name, "--part", "database", "--force"]);
        assert!(alone.contains("damaged or ends early"), "{what}: {alone}");
        std::fs::rename(description.with_extension("aside"), &description).unwrap();
    }
    std::fs::write(&file, "no backup at all").unwrap();
    std::fs::remove_file(&description).unwrap();
    assert!(home.refusal(&["verify", &name]).contains("is no backup"), "it says so");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 300, "nothing was changed");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn old_backups_go_and_what_cannot_be_written_leaves_nothing(pool: PgPool) {
    let home = Home::new(&pool);
    for day in 1..=3 {
        let old = home.path(&format!("backups/quantapilot-2026010{day}T030000Z.backup.age"));
        std::fs::create_dir_all(old.parent().unwrap()).unwrap();
        std::fs::write(old, "x").unwrap();
    }
    std::fs::write(home.path("backups/notes.txt"), "mine").unwrap();
    std::fs::write(home.path("backups/.quantapilot-20260101T000000Z.backup.age.unfinished"), "of one that was killed")
        .unwrap();
    let made = home.json(&["create", "--keep", "2", "--part", "secrets"]);
    assert_eq!(made["removed"].as_array().unwrap().len(), 2);
    let mut left: Vec<_> = std::fs::read_dir(home.path("backups"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left.len(), 4, "two backups, one description, and what is not ours: {left:?}");

    let (code, _, stderr) = run(&mut home.tool(&["create", "--dir", "/proc/nowhere", "--part", "secrets"]));
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot write `/proc/nowhere`"), "{stderr}");
    // A folder of its own: two backups of one second have one name.
    let other = home.path("others");
    let away = home
        .tool(&["create", "--part", "database", "--dir", other.to_str().unwrap()])
        .env("DATABASE_URL", "postgres://nobody:hush-word@127.0.0.1:9/x")
        .output()
        .unwrap();
    let stderr = String::from_utf8(away.stderr).unwrap();
    assert!(
        stderr.contains("cannot reach the database")
            && stderr.contains("hint: check DATABASE_URL")
            && !stderr.contains("hush-word"),
        "{stderr}"
    );
    let left = std::fs::read_dir(&other).unwrap().count();
    assert_eq!(left, 0, "a backup that failed leaves nothing behind");
    let mut closed = home.tool(&["create"]);
    let (code, _, stderr) = run(closed.env_remove("BACKUP_PASSPHRASE"));
    assert_eq!(code, 2);
    assert!(stderr.contains("BACKUP_PASSPHRASE is not set"), "{stderr}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_database_that_also_holds_something_else_is_never_emptied(pool: PgPool) {
    let home = Home::new(&pool);
    home.json(&["create", "--part", "database"]);
    sqlx::raw_sql("CREATE TABLE somebody_elses (id int)").execute(&pool).await.unwrap();
    let refused = home.refusal(&["restore", "--part", "database", "--force"]);
    assert!(refused.contains("tables that are not QuantaPilot's: somebody_elses"), "{refused}");
}
