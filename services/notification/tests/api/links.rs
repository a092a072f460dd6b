//! Linking an account with a one-time code.

use std::time::Duration;

use common::ids::UserId;
use http::Method;
use sqlx::PgPool;

use super::support::{GRACE, Installation, decision};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_code_links_once_and_within_ten_minutes(db: PgPool) {
    let installation = Installation::start(db).await;
    let grace = UserId::new();
    let made = installation.as_user(Method::POST, "/api/v1/telegram-links", grace).await;
    assert_eq!(made.status, 201);
    let code = made.body["code"].as_str().unwrap().to_owned();
    assert_eq!(made.body["url"], format!("https://t.me/quantapilot_sandbox_bot?start={code}"));
    let kept = installation.text_of("SELECT encode(code_hash, 'escape') FROM telegram_link_codes").await.unwrap();
    assert!(!kept.contains(&code), "only a hash is kept");

    let say = async |text: &str| {
        installation.say(GRACE, text, None);
        assert_eq!(installation.receive_once().await, 1);
        installation.run_jobs().await;
        installation.messages(GRACE).pop().unwrap().text
    };
    assert!(say("/start nonsense").await.contains("not valid"));
    assert!(say("/start").await.contains("open your profile"));
    installation.clock.advance(Duration::from_mins(9));
    let linked = say(&format!("/start {code}")).await;
    assert!(linked.contains("Linked: Grace is now approver@example.org on localhost"), "{linked}");
    assert!(say(&format!("/start {code}")).await.contains("not valid"), "used up");
    let mine = installation.as_user(Method::GET, "/api/v1/telegram-links", grace).await;
    assert_eq!(mine.body["items"][0]["telegram_user_id"], GRACE);

    let late = installation.as_user(Method::POST, "/api/v1/telegram-links", grace).await;
    installation.clock.advance(Duration::from_mins(11));
    assert!(say(&format!("/start {}", late.body["code"].as_str().unwrap())).await.contains("not valid"), "too late");

    assert!(say("/unlink").await.contains("not linked any more"));
    assert_eq!(installation.as_user(Method::DELETE, "/api/v1/telegram-links", grace).await.status, 404);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn guessing_codes_is_met_with_silence(db: PgPool) {
    let installation = Installation::start(db).await;
    for _ in 0..7 {
        installation.say(GRACE, "/start AAAAAAAAAAAAAAAAAAAAAA", None);
    }
    installation.receive_once().await;
    installation.run_jobs().await;
    let answers = installation.messages(GRACE).into_iter().filter(|message| message.from.is_none()).count();
    assert_eq!(answers, 5);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_hostile_name_does_not_break_the_greeting(db: PgPool) {
    let installation = Installation::start(db).await;
    let phone = installation.person(&format!("<b>&amp;{}", "😀".repeat(2000)));
    let user = UserId::new();
    let made = installation.as_user(Method::POST, "/api/v1/telegram-links", user).await;
    installation.say(phone, &format!("/start {}", made.body["code"].as_str().unwrap()), None);
    installation.receive_once().await;
    installation.run_jobs().await;
    assert!(installation.messages(phone).pop().unwrap().text.contains("Linked: <b>&amp;"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_sent_is_listed_with_every_attempt(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    installation.ask(&decision, &["telegram", "email"]).await;
    installation.run_jobs().await;
    let path = format!("/api/v1/notifications?project_id={}", decision.project_id);
    let listed = installation.as_user(Method::GET, &path, installation.ada).await;
    assert_eq!(listed.status, 200);
    let messages = listed.body["items"][0]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert!(
        messages.iter().all(|message| message["state"] == "sent" && message["attempts"][0]["outcome"] == "sent"),
        "{messages:?}"
    );
    let other = format!("/api/v1/notifications?project_id={}", UserId::new());
    assert_eq!(
        installation.as_user(Method::GET, &other, installation.ada).await.body["items"].as_array().unwrap().len(),
        0
    );
    let stranger = common::testing::send(&installation.router, Method::GET, &path, &[], None).await;
    assert_eq!(stranger.status, 401);
}
