//! The page behind mail links: looking decides nothing, confirming decides once.

use std::time::Duration;

use axum::body::Body;
use common::clients::dashboard::Decision;
use common::testing::Answer;
use http::{Method, Request, header};
use sqlx::PgPool;

use super::support::{ADA, Installation, decision};

/// A browser on the page of the mail that Ada got.
struct Browser<'a> {
    installation: &'a Installation,
    path: String,
    cookie: String,
    nonce: String,
}

impl<'a> Browser<'a> {
    async fn open(installation: &'a Installation, decision: &Decision) -> Self {
        installation.ask(decision, &["email"]).await;
        installation.run_jobs().await;
        let mail = installation.sandbox.mail().caught().pop().unwrap().parsed();
        let link = mail.links.iter().find(|link| link.contains("/a/")).unwrap();
        let path = url::Url::parse(link).unwrap().path().to_owned();
        Self { installation, path, cookie: String::new(), nonce: String::new() }
    }

    async fn get(&mut self) -> String {
        let answer =
            self.installation.raw(Request::get(format!("{}?v=approve", self.path)).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
        self.remember(&answer);
        answer.body.as_str().unwrap().to_owned()
    }

    fn remember(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
            cookie.to_str().unwrap().split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        let html = answer.body.as_str().unwrap();
        if let Some((_, rest)) = html.split_once("name=\"nonce\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.nonce);
        }
    }

    async fn post(&mut self, verdict: &str, comment: &str, code: &str) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("nonce", &self.nonce)
            .append_pair("verdict", verdict)
            .append_pair("comment", comment)
            .append_pair("code", code)
            .finish();
        let request = Request::post(&self.path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, &self.cookie)
            .body(Body::from(form))
            .unwrap();
        let answer = self.installation.raw(request).await;
        self.remember(&answer);
        answer
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_scanner_decides_nothing_and_a_person_decides_once(db: PgPool) {
    let installation = Installation::start(db).await;
    let mut browser = Browser::open(&installation, &decision()).await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer =
            installation.raw(Request::builder().method(method).uri(&browser.path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        assert!(answer.headers["x-robots-tag"].to_str().unwrap().contains("noindex"));
    }
    let html = browser.get().await;
    assert!(
        !html.contains("checked") && !html.contains("<script") && !html.contains("autofocus"),
        "nothing is chosen, nothing runs"
    );
    assert!(html.contains("3f9c1e2aa00b"));

    // A robot that fills in the first form at once.
    let robot = browser.post("approve", "", "").await;
    assert_eq!(robot.status, 409);
    assert!(robot.body.as_str().unwrap().contains("press Confirm again"));
    installation.run_jobs().await;
    assert!(installation.dashboard.answers().is_empty());

    installation.clock.advance(Duration::from_secs(3));
    assert_eq!(browser.post("", "", "").await.status, 422, "no verdict");
    installation.clock.advance(Duration::from_secs(3));
    assert_eq!(browser.post("reject", "  ", "").await.status, 422, "no reason");
    installation.clock.advance(Duration::from_secs(3));
    assert_eq!(browser.post("change", "Use SQLite <please>", "").await.status, 200);
    installation.run_jobs().await;
    let answers = installation.dashboard.answers();
    assert_eq!((answers.len(), answers[0].choice.as_str(), answers[0].channel.as_str()), (1, "change", "email"));
    assert_eq!(answers[0].comment.as_deref(), Some("Use SQLite <please>"));

    installation.clock.advance(Duration::from_secs(3));
    assert_eq!(browser.post("approve", "", "").await.status, 409, "single use");
    let after = browser.get().await;
    assert!(after.contains("Change requested by Ada (mail), 22 Nov 14:02 UTC") && !after.contains("<form"), "{after}");
    installation.run_jobs().await;
    assert_eq!(installation.dashboard.answers().len(), 1);
    let visits: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_link_visits").fetch_one(&installation.app.db).await.unwrap();
    assert_eq!(visits, 3 + 1 + 5 + 1, "every view and try is on record");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_form_without_its_cookie_or_from_another_page_is_refused(db: PgPool) {
    let installation = Installation::start(db).await;
    let mut browser = Browser::open(&installation, &decision()).await;
    browser.get().await;
    installation.clock.advance(Duration::from_secs(5));
    let (cookie, nonce) = (browser.cookie.clone(), browser.nonce.clone());
    browser.cookie = String::new();
    assert_eq!(browser.post("approve", "", "").await.status, 409);
    browser.cookie = "qp_approval=1.a.b".to_owned();
    browser.nonce = "1.a.b".to_owned();
    assert_eq!(browser.post("approve", "", "").await.status, 409);
    installation.run_jobs().await;
    assert!(installation.dashboard.answers().is_empty());
    (browser.cookie, browser.nonce) = (cookie, nonce);
    assert_eq!(browser.post("approve", "", "").await.status, 200);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_decision_made_elsewhere_voids_the_link(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    let mut browser = Browser::open(&installation, &decision).await;
    browser.get().await;
    installation.clock.advance(Duration::from_secs(5));
    let decided = installation.dashboard.decide(decision.id, "approve", "Grace");
    installation.closed(&decided).await;
    assert_eq!(browser.post("reject", "no", "").await.status, 409);
    assert!(browser.get().await.contains("Approved by Grace (dashboard)"));
    installation.run_jobs().await;
    assert!(installation.dashboard.answers().is_empty());
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_link_ends_with_the_deadline(db: PgPool) {
    let installation = Installation::start(db).await;
    let mut browser = Browser::open(&installation, &decision()).await;
    browser.get().await;
    installation.clock.advance(Duration::from_hours(52));
    assert_eq!(browser.post("approve", "", "").await.status, 409);
    assert!(!browser.get().await.contains("<form"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_weighty_decision_needs_six_digits_from_another_channel(db: PgPool) {
    let installation = Installation::start(db).await;
    let mut decision = decision();
    decision.risk = "high".to_owned();
    let mut browser = Browser::open(&installation, &decision).await;
    browser.get().await;
    installation.clock.advance(Duration::from_secs(5));
    let asked = browser.post("approve", "", "").await;
    assert!(asked.body.as_str().unwrap().contains("six digits were sent"));
    installation.run_jobs().await;
    let text = installation.messages(ADA).pop().unwrap().text;
    let code: String = text.split(": ").nth(1).unwrap().chars().take(6).collect();
    installation.clock.advance(Duration::from_secs(5));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(browser.post("approve", "", wrong).await.status, 409);
    installation.clock.advance(Duration::from_secs(5));
    assert_eq!(browser.post("approve", "", &code).await.status, 200);
    installation.run_jobs().await;
    assert_eq!(installation.dashboard.answers().len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn guessing_tokens_is_slowed_down(db: PgPool) {
    let installation = Installation::start(db).await;
    let guess = async || {
        let request =
            Request::get("/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").header("x-forwarded-for", "203.0.113.9");
        installation.raw(request.body(Body::empty()).unwrap()).await.status
    };
    for _ in 0..20 {
        assert_eq!(guess().await, 404);
    }
    assert_eq!(guess().await, 429);
    installation.clock.advance(Duration::from_mins(11));
    assert_eq!(guess().await, 404);
}
