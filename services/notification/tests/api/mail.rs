//! Mails out: their shape, and servers that say no.

use std::time::Duration;

use sandbox::faults::{Kind, NewFault, Surface};
use sqlx::PgPool;

use super::support::{Installation, decision};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_mail_has_both_bodies_threads_by_project_and_its_buttons_only_look(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    installation.ask(&decision, &["email"]).await;
    installation.run_jobs().await;
    let mail = installation.sandbox.mail().caught().pop().unwrap().parsed();
    assert_eq!(mail.subject, "[QuantaPilot] todo-app: decision needed – Approve the plan");
    assert_eq!(mail.to, ["Ada Lovelace <ada@example.org>"]);
    assert!(mail.text.as_deref().unwrap().contains("Risk: changes the schema."));
    assert!(
        mail.html.as_deref().unwrap().contains("opening it decides nothing")
            || mail.html.as_deref().unwrap().contains("Opening it decides nothing")
    );
    assert_eq!(mail.headers["Auto-Submitted"], "auto-generated");
    assert_eq!(mail.headers["X-Auto-Response-Suppress"], "All");
    assert!(mail.headers["References"].contains(&format!("project-{}@", decision.project_id)));
    let pages: Vec<_> = mail.links.iter().filter(|link| link.contains("/a/")).collect();
    let page = |link: &str| link.split('?').next().unwrap().to_owned();
    assert!(
        pages.len() >= 3 && pages.iter().all(|link| page(link) == page(pages[0])),
        "one page, different hints: {pages:?}"
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn greylisting_is_waited_out(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.sandbox.faults().add(NewFault::once(Surface::Smtp, Kind::Status { status: 451 }).times(3));
    installation.ask(&decision(), &["email"]).await;
    for tries in 1..=4 {
        installation.run_jobs().await;
        assert_eq!(installation.sandbox.mail().caught().len(), usize::from(tries == 4), "after {tries} tries");
        installation.clock.advance(Duration::from_mins(10));
    }
    let outcomes: Vec<_> = installation.outcomes().await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["retry", "retry", "retry", "sent"]);
    let said = installation.text_of("SELECT answer FROM notification_deliveries ORDER BY id LIMIT 1").await.unwrap();
    assert!(said.contains("Greylisted"), "{said}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn prometheus_hears_of_mails_that_wait(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.sandbox.faults().add(NewFault::once(Surface::Smtp, Kind::Status { status: 451 }).until_cleared());
    installation.ask(&decision(), &["email"]).await;
    installation.run_jobs().await;
    installation.clock.advance(Duration::from_mins(20));
    notification::metrics::refresh(&installation.app).await.unwrap();
    let page = common::testing::send(&installation.router, http::Method::GET, "/metrics", &[], None).await;
    let text = page.body.as_str().unwrap();
    assert!(text.contains("notification_oldest_pending_seconds{channel=\"email\"} 1200\n"), "twenty minutes");
    assert!(text.contains("notification_oldest_pending_seconds{channel=\"telegram\"} 0\n"));
    assert!(text.contains("notification_alerts_total{known=\"new\",status=\"firing\"} "), "there before it happens");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_address_that_does_not_exist_is_given_up(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.sandbox.faults().add(NewFault::once(Surface::Smtp, Kind::Status { status: 550 }).until_cleared());
    installation.ask(&decision(), &["email"]).await;
    installation.run_jobs().await;
    installation.clock.advance(Duration::from_hours(2));
    assert_eq!(installation.run_jobs().await, 0, "no second try");
    assert_eq!(installation.text_of("SELECT state FROM notification_messages").await.unwrap(), "failed");
    assert!(installation.text_of("SELECT reason FROM notification_messages").await.unwrap().contains("No such user"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_connection_lost_after_the_data_repeats_the_same_mail(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.sandbox.faults().add(NewFault::once(Surface::Smtp, Kind::DropAfter));
    installation.ask(&decision(), &["email"]).await;
    installation.run_jobs().await;
    installation.clock.advance(Duration::from_mins(10));
    installation.run_jobs().await;
    let caught = installation.sandbox.mail().caught();
    assert_eq!(caught.len(), 2, "nobody can know whether the first was taken");
    let (first, second) = (caught[0].parsed(), caught[1].parsed());
    assert_eq!(first.message_id, second.message_id, "so that a mail program shows one");
    assert_eq!(first.links, second.links);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_address_nobody_can_write_to_stops_nothing_else(db: PgPool) {
    let installation = Installation::start(db).await;
    let recipient = |email: &str| serde_json::json!({ "user_id": common::ids::UserId::new(), "email": email, "name": "X\r\nBcc: y@z.test", "role": "viewer" });
    let body = serde_json::json!({ "key": "k", "kind": "completed", "project": { "id": common::ids::ProjectId::new(), "name": "p" }, "title": "Done\r\nBcc: evil@x.test",
        "text": "", "recipients": [recipient("not an address"), recipient("good@example.org")], "channels": ["email"] });
    assert_eq!(installation.internal("/internal/v1/notifications", body).await.status, 202);
    installation.run_jobs().await;
    let caught = installation.sandbox.mail().caught();
    assert_eq!(caught.len(), 1);
    assert_eq!(caught[0].recipients, ["good@example.org"]);
    assert!(!caught[0].parsed().headers.contains_key("Bcc"));
}
