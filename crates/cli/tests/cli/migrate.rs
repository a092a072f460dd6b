use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::{quantapilot, run};

/// The URL of the test's own database: as `DATABASE_URL`, whose password the pool does not tell, with another name.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
pub(crate) fn url(options: &PgConnectOptions) -> String {
    let given = std::env::var("DATABASE_URL").expect("the tests need DATABASE_URL");
    let (server, _) = given.rsplit_once('/').expect("a database's URL has a path");
    format!("{server}/{}", options.get_database().expect("a test has a database"))
}

#[sqlx::test(migrations = false)]
async fn migrating_twice_does_nothing_the_second_time(pool: PgPool) {
    let url = url(&pool.connect_options());
    let migrate = || {
        let (code, stdout, stderr) = run(quantapilot(&["--json", "migrate"]).env("DATABASE_URL", &url));
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str::<serde_json::Value>(&stdout).unwrap()
    };
    let first = migrate();
    assert_eq!(first["applied"], first["migrations"]);
    assert!(first["applied"].as_i64().unwrap() > 0);
    assert_eq!(migrate()["applied"], 0);
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('jobs') IS NOT NULL").fetch_one(&pool).await.unwrap();
    assert!(exists, "the tables are there");
}

#[test]
fn an_unreachable_database_is_a_clear_error() {
    let mut command = quantapilot(&["migrate", "--wait", "0"]);
    let (code, stdout, stderr) = run(command.env("DATABASE_URL", "postgres://nobody:secret-word@127.0.0.1:9/x"));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("cannot reach the database") && stderr.contains("hint: check DATABASE_URL"), "{stderr}");
    assert!(!stderr.contains("secret-word"), "the password is not repeated: {stderr}");
}
