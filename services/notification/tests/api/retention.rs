//! What was said goes when it was kept long enough; what is open stays.

use std::time::Duration;

use common::testing;
use http::Method;
use notification::jobs;
use sqlx::PgPool;

use super::support::{ADA, Installation, decision};

const TABLES: [&str; 9] = [
    "notifications",
    "notification_messages",
    "notification_deliveries",
    "notification_decisions",
    "notification_answers",
    "approval_links",
    "approval_link_visits",
    "telegram_updates",
    "telegram_outbox",
];

async fn rows(installation: &Installation) -> Vec<(&'static str, i64)> {
    let mut rows = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT count(*) FROM {table}");
        rows.push((table, sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&installation.app.db).await.unwrap()));
    }
    rows
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_is_over_goes_and_what_is_open_stays(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    let (over, open) = (decision(), decision());
    installation.ask_as(&over, &["telegram", "email"], "over").await;
    installation.ask_as(&open, &["telegram", "email"], "open").await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).into_iter().find(|message| message.reply_markup.is_some()).unwrap();
    installation.press(ADA, ADA, &question, "✅", false).await;
    installation.run_jobs().await;
    let mail = installation.sandbox.mail().caught().pop().unwrap().parsed();
    let path = mail.links.iter().find_map(|link| link.find("/a/").map(|at| link[at..].to_owned())).unwrap();
    testing::send(&installation.router, Method::GET, &path, &[], None).await;
    let all = rows(&installation).await;
    for (table, count) in &all {
        assert!(*count > 0, "{table} has rows: {all:?}");
    }

    installation.clock.advance(Duration::from_hours(24 * 29));
    jobs::worker(&installation.app).tidy_up().await;
    assert_eq!(rows(&installation).await, all, "nothing is old enough");

    installation.clock.advance(Duration::from_hours(24 * 2));
    jobs::worker(&installation.app).tidy_up().await;
    let inbox_gone = rows(&installation).await;
    let count = |rows: &[(&str, i64)], name: &str| rows.iter().find(|(table, _)| *table == name).unwrap().1;
    for table in ["telegram_updates", "approval_link_visits", "telegram_outbox"] {
        assert_eq!(count(&inbox_gone, table), 0, "{table}");
    }
    assert_eq!(count(&inbox_gone, "notifications"), 2);

    installation.clock.advance(Duration::from_hours(24 * 340));
    jobs::worker(&installation.app).tidy_up().await;
    let left = rows(&installation).await;
    assert_eq!(count(&left, "notifications"), 1, "the open one stays: {left:?}");
    assert_eq!(count(&left, "notification_decisions"), 1);
    assert_eq!(count(&left, "approval_links"), 1, "and its link works on");
    assert!(count(&left, "notification_messages") == 2 && count(&left, "notification_answers") == 0);
}
