//! Every service's role in Postgres: its own tables, the shared ones, and nothing else.

use common::db::relations;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};

use crate::{migrate, quantapilot, run};

const ROLES: [(&str, &str); 4] = [
    ("cursor", "cursor_integration"),
    ("github", "github_integration"),
    ("notification", "notification"),
    ("dashboard", "dashboard_backend"),
];
const PASSWORD: &str = "made-up-password-of-a-role-in-a-test";

fn grant(url: &str) -> (i32, String, String) {
    let mut command = quantapilot(&["--json", "migrate", "--roles"]);
    command.env("DATABASE_URL", url);
    for role in
        ["CURSOR_INTEGRATION", "GITHUB_INTEGRATION", "NOTIFICATION", "DASHBOARD_BACKEND", "N8N", "POSTGRES_EXPORTER"]
    {
        command.env(format!("{role}_DATABASE_PASSWORD"), PASSWORD);
    }
    run(&mut command)
}

/// One test for all of it: roles belong to the server, so that two tests that make them would meet.
#[sqlx::test(migrations = false)]
async fn a_role_touches_its_own_tables_alone(pool: PgPool) {
    let url = migrate::url(&pool.connect_options());
    for _ in 0..2 {
        let (code, stdout, stderr) = grant(&url);
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&stdout).unwrap()["roles"], 6);
        assert!(!stdout.contains(PASSWORD) && !stderr.contains(PASSWORD));
    }

    let relations = relations();
    assert!(relations.len() > 25 && relations.iter().any(|one| one.name == "agent_runs" && one.owner == "cursor"));
    for (owner, role) in ROLES {
        let options: PgConnectOptions = url.parse().unwrap();
        let mut conn = options.username(role).password(PASSWORD).connect().await.unwrap();
        for relation in &relations {
            let allowed = relation.owner == owner || relation.owner == "common";
            // A condition that holds for no row: only the right to ask is tried.
            for sql in [
                format!("SELECT * FROM {} WHERE false", relation.name),
                format!("DELETE FROM {} WHERE false", relation.name),
            ] {
                let allowed = allowed && !(relation.name == "events" && sql.starts_with("DELETE"));
                let outcome = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut conn).await;
                match outcome {
                    Ok(_) => assert!(allowed, "{role} may: {sql}"),
                    Err(error) => {
                        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
                        assert!(!allowed, "{role} may not: {sql}");
                    }
                }
            }
        }
        common::db::check(
            &PgPool::connect_with(url.parse::<PgConnectOptions>().unwrap().username(role).password(PASSWORD))
                .await
                .unwrap(),
        )
        .await
        .expect("a service sees whether the tables are new enough");
        for sql in [
            "CREATE TABLE mine (id int)",
            "CREATE ROLE other",
            "SELECT pg_read_file('/etc/passwd')",
            "SET ROLE postgres_exporter",
        ] {
            assert!(sqlx::query(sql).execute(&mut conn).await.is_err(), "{role} may: {sql}");
        }
        conn.close().await.unwrap();
    }

    // n8n has a database of its own, and no way into ours.
    let refused = url.parse::<PgConnectOptions>().unwrap().username("n8n").password(PASSWORD).connect().await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"), "n8n cannot connect to our database");
    let mut conn = url
        .parse::<PgConnectOptions>()
        .unwrap()
        .database("n8n")
        .username("n8n")
        .password(PASSWORD)
        .connect()
        .await
        .unwrap();
    sqlx::query("CREATE TEMPORARY TABLE notes (id int)").execute(&mut conn).await.expect("its own is its own");
    conn.close().await.unwrap();

    // The exporter reads statistics, and no table.
    let mut conn = url
        .parse::<PgConnectOptions>()
        .unwrap()
        .username("postgres_exporter")
        .password(PASSWORD)
        .connect()
        .await
        .unwrap();
    sqlx::query("SELECT * FROM pg_stat_activity").execute(&mut conn).await.unwrap();
    assert!(sqlx::query("SELECT * FROM users").execute(&mut conn).await.is_err());
}

#[test]
fn every_missing_password_is_named() {
    let mut command = quantapilot(&["migrate", "--roles"]);
    let (code, _, stderr) = run(command.env("DATABASE_URL", "postgres://ada@127.0.0.1:9/x"));
    assert_eq!(code, 2);
    for name in
        ["CURSOR_INTEGRATION", "GITHUB_INTEGRATION", "NOTIFICATION", "DASHBOARD_BACKEND", "N8N", "POSTGRES_EXPORTER"]
    {
        assert!(stderr.contains(&format!("{name}_DATABASE_PASSWORD")), "{stderr}");
    }
}
