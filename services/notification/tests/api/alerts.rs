//! Alerts: from Alertmanager's report to the phone and the mailbox of admins and operators.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::auth::Role;
use common::ids::UserId;
use common::testing::{self, Answer};
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::support::{ADA, ALERT_TOKEN, Installation, Shape};

/// A report as Alertmanager 0.25 and later post it.
fn report(status: &str, names: &[&str]) -> Value {
    let alerts: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({
                "status": status, "fingerprint": format!("f-{name}"), "generatorURL": "http://prometheus:9090/graph",
                "startsAt": "2026-11-22T14:00:00.5Z",
                "endsAt": if status == "resolved" { "2026-11-22T14:10:00Z" } else { "0001-01-01T00:00:00Z" },
                "labels": { "alertname": name, "severity": "critical", "service": "cursor-integration" },
                "annotations": { "summary": format!("{name} <b>is</b> down"), "runbook_url": "https://docs.example.org/runbooks#x" },
            })
        })
        .collect();
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"ServiceDown\"}", "truncatedAlerts": 0, "status": status, "receiver": "people",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "https://alerts.example.org", "alerts": alerts,
    })
}

async fn post(installation: &Installation, token: Option<&str>, body: Value) -> Answer {
    let headers: Vec<_> =
        token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))).into_iter().collect();
    testing::send(&installation.router, Method::POST, "/internal/v1/alerts", &headers, Some(body)).await
}

async fn hand_in(installation: &Installation, body: Value) {
    let answer = post(installation, Some(ALERT_TOKEN), body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    installation.run_jobs().await;
}

/// Ada is an admin, Olga operates, Vera may only look.
async fn with_people(db: PgPool) -> Installation {
    let installation = Installation::shaped(db, Shape { public_https: true, ..Shape::default() }).await;
    installation.dashboard.employ(installation.ada, "ada@example.org", Role::Admin);
    installation.dashboard.employ(UserId::new(), "olga@example.org", Role::Operator);
    installation.dashboard.employ(UserId::new(), "vera@example.org", Role::Viewer);
    installation
}

fn alert_mails(installation: &Installation) -> Vec<(String, String)> {
    let mails = installation.sandbox.mail().caught();
    mails.iter().map(|mail| (mail.recipients.join(","), mail.parsed().subject)).collect()
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_alert_reaches_admins_and_operators_on_every_channel_once(db: PgPool) {
    let installation = with_people(db).await;
    hand_in(&installation, report("firing", &["ServiceDown", "JobsDead"])).await;
    let said = installation.messages(ADA);
    assert_eq!(said.len(), 1, "one message for the group");
    assert!(said[0].text.contains("ServiceDown <b>is</b> down"), "foreign text is text: {}", said[0].text);
    assert!(said[0].text.contains("What to do: https://docs.example.org/runbooks#x"));
    let mut mails = alert_mails(&installation);
    mails.sort();
    let subject = "[QuantaPilot] Critical: JobsDead, ServiceDown".to_owned();
    assert_eq!(mails, [("ada@example.org".to_owned(), subject.clone()), ("olga@example.org".to_owned(), subject)]);
    let mail = installation.sandbox.mail().caught().pop().unwrap().parsed();
    assert!(mail.links.iter().any(|link| link.starts_with("https://alerts.example.org/#/silences/new?filter=")));

    // Alertmanager tries again after a lost answer, and a second one of a pair says the same.
    hand_in(&installation, report("firing", &["ServiceDown", "JobsDead"])).await;
    assert_eq!(installation.messages(ADA).len(), 1);
    assert_eq!(alert_mails(&installation).len(), 2);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_is_new_is_told_reminded_of_and_resolved(db: PgPool) {
    let installation = with_people(db).await;
    hand_in(&installation, report("firing", &["A"])).await;
    hand_in(&installation, report("firing", &["A", "B"])).await;
    let texts = || installation.messages(ADA).into_iter().map(|message| message.text).collect::<Vec<_>>();
    assert_eq!(texts().len(), 2);
    assert!(texts()[1].starts_with("🔔 Critical: B"), "only what is new: {}", texts()[1]);

    installation.clock.advance(Duration::from_hours(4));
    hand_in(&installation, report("firing", &["A", "B"])).await;
    assert!(texts()[2].contains("Still, since 22 Nov 14:00 UTC"), "a reminder: {}", texts()[2]);

    hand_in(&installation, report("resolved", &["A"])).await;
    assert!(
        texts()[3].starts_with("🔔 Resolved: A") && texts()[3].contains("Over at 22 Nov 14:10 UTC"),
        "{}",
        texts()[3]
    );
    // A report that was overtaken does not wake it, and the end is told once.
    hand_in(&installation, report("firing", &["A"])).await;
    hand_in(&installation, report("resolved", &["A"])).await;
    assert_eq!(texts().len(), 4);
    // The end of what nobody was told to fire is no news.
    hand_in(&installation, report("resolved", &["C"])).await;
    assert_eq!(texts().len(), 4);
    assert_eq!(installation.run_jobs().await, 0, "nothing is left");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn while_dashboard_backend_is_away_those_of_last_time_are_told(db: PgPool) {
    let installation = with_people(db).await;
    installation.dashboard.fail(1);
    assert_eq!(post(&installation, Some(ALERT_TOKEN), report("firing", &["A"])).await.status, 202);
    installation.run_jobs().await;
    assert!(installation.messages(ADA).is_empty(), "nobody is known yet");
    installation.clock.advance(Duration::from_mins(1));
    installation.run_jobs().await;
    assert_eq!(installation.messages(ADA).len(), 1, "kept, and told later");

    installation.dashboard.fail(1);
    hand_in(&installation, report("firing", &["B"])).await;
    assert_eq!(installation.messages(ADA).len(), 2);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn without_anybody_to_tell_the_alert_waits_and_says_why(db: PgPool) {
    let installation = Installation::start(db).await;
    hand_in(&installation, report("firing", &["A"])).await;
    let error = installation.text_of("SELECT last_error FROM jobs WHERE queue = 'notification.tell_alerts'").await;
    assert!(error.unwrap().contains("no admin or operator has an account"));
    installation.dashboard.employ(installation.ada, "ada@example.org", Role::Operator);
    installation.clock.advance(Duration::from_mins(1));
    installation.run_jobs().await;
    assert_eq!(installation.messages(ADA).len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_door_opens_to_the_token_alone_and_reads_only_what_it_knows(db: PgPool) {
    let installation = with_people(db).await;
    let good = report("firing", &["A"]);
    let service = testing::bearer("dashboard-backend", "notification", &installation.clock).1;
    for token in [None, Some(""), Some("wrong"), service.strip_prefix("Bearer ")] {
        let refused = post(&installation, token, good.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (401, Some("wrong_token")), "{token:?}");
    }
    let refused = post(&installation, None, json!("nonsense")).await;
    assert_eq!(refused.status, 401, "strangers learn nothing about the shape");
    let mut newer = good.clone();
    newer["version"] = json!("5");
    let mut no_print = good.clone();
    no_print["alerts"][0]["fingerprint"] = json!("");
    for body in [newer, no_print, json!({}), json!({"version": "4", "groupKey": "", "alerts": []})] {
        let refused = post(&installation, Some(ALERT_TOKEN), body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
    let mut hostile = good;
    hostile["alerts"][0]["labels"]["alertname"] = json!("A\u{0}\u{202E}\r\nBcc: x@y.z");
    hand_in(&installation, hostile).await;
    assert!(alert_mails(&installation).iter().all(|(_, subject)| !subject.contains('\n')));
    assert_eq!(installation.text_of("SELECT name FROM alerts").await.unwrap().find('\0'), None);
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM alerts").fetch_one(&installation.app.db).await.unwrap();
    assert_eq!(stored, 1);
}

/// Waits for another program; as long as a busy machine may need.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_mins(1) {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never happened: {what}");
}

/// The program that Debian calls `prometheus-alertmanager`, with the configuration we ship: its address and waiting times are the test's.
struct Alertmanager {
    process: tokio::process::Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Alertmanager {
    async fn start(notification: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, format!("{ALERT_TOKEN}\n")).unwrap();
        let config = std::fs::read_to_string(root.join("prometheus/alertmanager.yml")).unwrap();
        for shipped in [
            "http://notification:3003",
            "/run/quantapilot/secrets/alertmanager_token",
            "group_wait: 30s",
            "group_interval: 5m",
        ] {
            assert!(config.contains(shipped), "{shipped} is not in alertmanager.yml");
        }
        let config = config
            .replace("http://notification:3003", notification)
            .replace("/run/quantapilot/secrets/alertmanager_token", token.to_str().unwrap())
            .replace("group_wait: 30s", "group_wait: 100ms")
            .replace("group_interval: 5m", "group_interval: 1s");
        std::fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let process = tokio::process::Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", folder.path().join("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.external-url=https://alerts.example.org")
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .expect("prometheus-alertmanager is installed (`apt-get install prometheus-alertmanager`)");
        let client = common::http::client::Client::new("test");
        let ready: url::Url = format!("{url}/-/ready").parse().unwrap();
        eventually("Alertmanager is ready", async || {
            client.accept(client.request(Method::GET, ready.clone())).await.ok()
        })
        .await;
        Self { process, url, _folder: folder }
    }

    /// What Prometheus would send.
    async fn alert(&self, over: bool) {
        let now = common::clock::Clock::system().now();
        let time = |at: time::OffsetDateTime| at.format(&time::format_description::well_known::Rfc3339).unwrap();
        let ends = if over { now - time::Duration::seconds(1) } else { now + time::Duration::minutes(5) };
        let body = json!([{
            "labels": { "alertname": "ServiceDown", "severity": "critical", "service": "cursor-integration" },
            "annotations": { "summary": "cursor-integration does not answer" },
            "startsAt": time(now - time::Duration::minutes(2)), "endsAt": time(ends),
        }]);
        let client = common::http::client::Client::new("test");
        let url = format!("{}/api/v2/alerts", self.url).parse().unwrap();
        client.accept(client.request(Method::POST, url).json(&body)).await.unwrap();
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_real_alertmanager_is_understood_firing_and_resolved(db: PgPool) {
    let installation = with_people(db).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(common::http::serve_on(listener, installation.router.clone(), stop.clone()));
    let mut alertmanager = Alertmanager::start(&address).await;

    alertmanager.alert(false).await;
    let told = eventually("the alert is told", async || {
        installation.run_jobs().await;
        installation.messages(ADA).first().map(|message| message.text.clone())
    })
    .await;
    assert!(told.starts_with("🔔 Critical: ServiceDown"), "{told}");
    alertmanager.alert(true).await;
    eventually("its end is told", async || {
        installation.run_jobs().await;
        installation.messages(ADA).into_iter().find(|message| message.text.starts_with("🔔 Resolved: ServiceDown"))
    })
    .await;
    alertmanager.process.kill().await.unwrap();
    stop.cancel();
}
