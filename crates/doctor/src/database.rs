//! Postgres: there, up to date, of a known version, safe, and our role in it no mightier than needed.

use std::time::Duration;

use common::clock::Clock;
use common::config::Secret;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::{Finding, Version};

/// The oldest that our SQL runs on (`NULLS NOT DISTINCT`), and the newest that was tried.
const OLDEST: Version = Version(15, 0, 0);
const NEWEST: u32 = 18;
/// Tokens are refused when clocks differ by half a minute.
const SKEW_WARNS: time::Duration = time::Duration::seconds(5);
const SKEW_BREAKS: time::Duration = time::Duration::seconds(30);
const LIMIT: Duration = Duration::from_secs(6);

/// Every check by its id; all but the first are skipped when the first fails.
const LATER: [&str; 6] = [
    "database.migrated",
    "versions.postgres",
    "database.rights",
    "database.durability",
    "database.connections",
    "clock.database",
];

/// Looks through connections of its own.
pub async fn look_at(url: Option<&Secret>, clock: &Clock) -> Vec<Finding> {
    let Some(url) = url else { return absent("DATABASE_URL is not set") };
    // Two: one that looks, and one for the check that every service makes of its own pool.
    match common::db::connect(url, 2) {
        Ok(pool) => look(&pool, clock).await,
        Err(error) => refused(&error.to_string()),
    }
}

/// Looks through a pool that is there.
pub async fn look(pool: &PgPool, clock: &Clock) -> Vec<Finding> {
    let mut conn = match tokio::time::timeout(LIMIT, pool.acquire()).await {
        Ok(Ok(conn)) => conn,
        Ok(Err(error)) => return refused(&error.to_string()),
        Err(_) => return refused(&format!("no answer within {} s", LIMIT.as_secs())),
    };
    let mut findings = vec![Finding::ok("database.reachable", "it answers")];
    findings.push(match common::db::check(pool).await {
        Ok(()) => Finding::ok("database.migrated", "up to date"),
        Err(error) => Finding::critical("database.migrated", format!("{error:#}"), "run `quantapilot migrate`"),
    });
    for (id, finding) in [
        ("versions.postgres", version(&mut conn).await),
        ("database.rights", rights(&mut conn).await),
        ("database.durability", durability(&mut conn).await),
        ("database.connections", connections(&mut conn).await),
        ("clock.database", skew(&mut conn, clock).await),
    ] {
        findings.push(finding.unwrap_or_else(|error| Finding::skipped(id, format!("it does not say: {error}"))));
    }
    findings
}

fn refused(why: &str) -> Vec<Finding> {
    let fix = "check DATABASE_URL (host, port, user, password, name) and whether Postgres runs";
    let first = Finding::critical("database.reachable", why, fix);
    std::iter::once(first).chain(LATER.map(|id| Finding::skipped(id, "the database does not answer"))).collect()
}

fn absent(why: &str) -> Vec<Finding> {
    let all = std::iter::once("database.reachable").chain(LATER);
    all.map(|id| Finding::skipped(id, why)).collect()
}

async fn version(conn: &mut PgConnection) -> sqlx::Result<Finding> {
    const ID: &str = "versions.postgres";
    let text: String = sqlx::query_scalar("SHOW server_version").fetch_one(conn).await?;
    Ok(match text.parse::<Version>() {
        Ok(version) if version < OLDEST => {
            Finding::critical(ID, format!("Postgres {text} is too old"), format!("use Postgres {} or newer", OLDEST.0))
        }
        Ok(version) if version.0 > NEWEST => Finding::info(
            ID,
            format!("Postgres {text} is newer than what was tried ({NEWEST})"),
            "nothing, if all else is well",
        ),
        _ => Finding::ok(ID, format!("Postgres {text}")),
    })
}

async fn rights(conn: &mut PgConnection) -> sqlx::Result<Finding> {
    const ID: &str = "database.rights";
    let (name, superuser, roles, databases, bypass): (String, bool, bool, bool, bool) = sqlx::query_as(
        "SELECT rolname::text, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(conn)
    .await?;
    let too_much: Vec<&str> = [
        (superuser, "is a superuser"),
        (roles, "may make roles"),
        (databases, "may make databases"),
        (bypass, "passes by row security"),
    ]
    .into_iter()
    .filter_map(|(has, what)| has.then_some(what))
    .collect();
    Ok(if too_much.is_empty() {
        Finding::ok(ID, format!("`{name}` has no rights beyond its own"))
    } else {
        let fix = "give each service a role of its own: `quantapilot migrate --roles` (only migrations and backups need the owner)";
        Finding::warning(ID, format!("`{name}` {}", too_much.join(", ")), fix)
    })
}

async fn durability(conn: &mut PgConnection) -> sqlx::Result<Finding> {
    const ID: &str = "database.durability";
    let settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums') ORDER BY name",
    )
    .fetch_all(conn)
    .await?;
    let off = |name: &str| settings.iter().any(|(known, value)| known == name && value == "off");
    Ok(if off("fsync") || off("full_page_writes") {
        let fix = "remove `fsync=off` and `full_page_writes=off` from Postgres' settings";
        Finding::warning(ID, "a crash of the machine can destroy the database (fsync or full_page_writes is off)", fix)
    } else if off("synchronous_commit") {
        Finding::warning(
            ID,
            "a crash can lose what was confirmed (synchronous_commit is off)",
            "set `synchronous_commit=on`",
        )
    } else if off("data_checksums") {
        Finding::info(
            ID,
            "damage on the disk would go unnoticed (no data checksums)",
            "`pg_checksums --enable` while Postgres is stopped",
        )
    } else {
        Finding::ok(ID, "commits are on disk before they are confirmed, pages have checksums")
    })
}

async fn connections(conn: &mut PgConnection) -> sqlx::Result<Finding> {
    const ID: &str = "database.connections";
    let (used, most): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), current_setting('max_connections')::bigint",
    )
    .fetch_one(conn)
    .await?;
    Ok(if used * 10 > most * 8 {
        let fix = "lower DATABASE_MAX_CONNECTIONS, raise `max_connections`, or put PgBouncer in between";
        Finding::warning(ID, format!("{used} of {most} are in use"), fix)
    } else {
        Finding::ok(ID, format!("{used} of {most} are in use"))
    })
}

async fn skew(conn: &mut PgConnection, clock: &Clock) -> sqlx::Result<Finding> {
    let before = clock.now();
    let theirs: OffsetDateTime = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(conn).await?;
    // Half of the way there and back.
    let ours = before + (clock.now() - before) / 2;
    Ok(judge_skew("clock.database", "the database", theirs - ours))
}

/// How far another clock is from ours.
pub(crate) fn judge_skew(id: &str, whose: &str, difference: time::Duration) -> Finding {
    let shown = format!("{whose}'s clock differs from ours by {:.1} s", difference.as_seconds_f64().abs());
    let fix = "let both machines take the time from the network (systemd-timesyncd or chrony)";
    match difference.abs() {
        far if far > SKEW_BREAKS => Finding::critical(id, format!("{shown}: tokens are refused"), fix),
        far if far > SKEW_WARNS => Finding::warning(id, shown, fix),
        _ => Finding::ok(id, shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn a_clock_that_is_far_off_is_worse_than_one_that_is_a_little() {
        let severity =
            |seconds| judge_skew("clock.database", "the database", time::Duration::seconds(seconds)).severity;
        assert_eq!([severity(0), severity(-6), severity(31)], [Severity::Ok, Severity::Warning, Severity::Critical]);
    }

    #[sqlx::test(migrator = "common::db::MIGRATOR")]
    async fn a_migrated_database_is_well_but_for_the_tests_own_superuser(pool: PgPool) {
        let findings = look(&pool, &Clock::system()).await;
        let severity = |id: &str| findings.iter().find(|finding| finding.id == id).map(|finding| finding.severity);
        for id in
            ["database.reachable", "database.migrated", "versions.postgres", "database.connections", "clock.database"]
        {
            assert_eq!(severity(id), Some(Severity::Ok), "{id}: {findings:#?}");
        }
        assert_eq!(severity("database.rights"), Some(Severity::Warning), "tests run as a superuser");
    }

    #[sqlx::test(migrations = false)]
    async fn one_that_was_never_migrated_says_so(pool: PgPool) {
        let findings = look(&pool, &Clock::system()).await;
        let migrated = findings.iter().find(|finding| finding.id == "database.migrated").unwrap();
        assert_eq!(migrated.severity, Severity::Critical);
        assert!(migrated.fix.as_deref().is_some_and(|fix| fix.contains("quantapilot migrate")));
    }

    #[tokio::test]
    async fn one_that_is_away_is_one_finding_and_the_rest_is_skipped() {
        let url = Secret::new("postgres://nobody:hush-word@127.0.0.1:9/x");
        let findings = look_at(Some(&url), &Clock::system()).await;
        assert_eq!(findings[0].severity, Severity::Critical);
        assert!(findings[1..].iter().all(|finding| finding.severity == Severity::Skipped));
        assert!(findings.iter().all(|finding| !finding.detail.contains("hush-word")));
    }
}
