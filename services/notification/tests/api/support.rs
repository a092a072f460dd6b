//! A whole installation of the service for one test.

use std::time::Duration;

use axum::Router;
use common::auth::Role;
use common::clients::dashboard::{Decision, DecisionArtifact};
use common::clock::Clock;
use common::config::Reader;
use common::ids::{DecisionId, ProjectId, UserId};
use common::testing::{self, Answer, SERVICE_SECRET};
use http::{Method, Request};
use notification::app::App;
use notification::config::Config;
use notification::{jobs, routes, telegram};
use sandbox::telegram::{GROUP_ID, Message, NewPerson, Press, Pressed, Say};
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::dashboard::Dashboard;

/// Phone of the person who is linked.
pub(crate) const ADA: i64 = 1001;
/// What Alertmanager shows.
pub(crate) const ALERT_TOKEN: &str = "a-token-for-alerts-in-tests";

/// Phone of a second person.
pub(crate) const GRACE: i64 = 1002;

pub(crate) struct Installation {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) sandbox: Sandbox,
    pub(crate) dashboard: Dashboard,
    pub(crate) router: Router,
    pub(crate) ada: UserId,
    stop: CancellationToken,
}

/// What differs between tests.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape {
    pub(crate) group: bool,
    pub(crate) webhook: bool,
    pub(crate) public_https: bool,
}

impl Installation {
    pub(crate) async fn start(db: PgPool) -> Self {
        Self::shaped(db, Shape::default()).await
    }

    pub(crate) async fn shaped(db: PgPool, shape: Shape) -> Self {
        common::http::client::install_crypto();
        let sandbox = Sandbox::start(Settings::default()).await.unwrap();
        let clock = Clock::fixed(time::macros::datetime!(2026-11-22 14:02:00 UTC));
        let (dashboard, address) = Dashboard::start(clock.now()).await;
        let mut settings = vec![
            ("DATABASE_URL", database_url(&db)),
            ("SERVICE_TOKEN_SECRET", SERVICE_SECRET.to_owned()),
            ("N8N_INBOUND_TOKEN", "0123456789abcdef".to_owned()),
            ("DASHBOARD_BACKEND_URL", format!("http://{address}")),
            ("TELEGRAM_BOT_TOKEN", sandbox.context().settings().telegram_token.clone()),
            ("TELEGRAM_API_URL", sandbox.url().to_owned()),
            ("ALERTMANAGER_TOKEN", ALERT_TOKEN.to_owned()),
            ("SMTP_URL", format!("smtp://{}", sandbox.smtp_addr())),
            ("SMTP_FROM", "QuantaPilot <pilot@example.org>".to_owned()),
        ];
        if shape.public_https {
            settings.push(("PUBLIC_URL", "https://pilot.example.org".to_owned()));
        }
        if shape.group {
            settings.push(("NOTIFICATION_TELEGRAM_GROUP_CHAT_ID", GROUP_ID.to_string()));
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        if shape.webhook {
            let url = format!("http://{}/webhooks/telegram", listener.local_addr().unwrap());
            settings.push(("NOTIFICATION_TELEGRAM_MODE", "webhook".to_owned()));
            settings.push(("TELEGRAM_WEBHOOK_SECRET", "a-secret-for-the-webhook".to_owned()));
            settings.push(("NOTIFICATION_TELEGRAM_WEBHOOK_URL", url));
        }
        let env = Reader::from_lookup(move |name| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        });
        let app = App::with_database(Config::read(env).unwrap(), db, clock.clone(), Duration::ZERO).unwrap();
        let router = routes::service(&app);
        let stop = CancellationToken::new();
        if shape.webhook {
            tokio::spawn(common::http::serve_on(listener, router.clone(), stop.clone()));
        }
        let ada = UserId::new();
        dashboard.name(ada, "Ada");
        let installation = Self { app, clock, sandbox, dashboard, router, ada, stop };
        installation.link(ada, ADA, "Ada").await;
        installation
    }

    /// Receives updates in the background, as the process does.
    pub(crate) fn receive(&self) {
        tokio::spawn(telegram::receive(self.app.clone(), self.stop.clone()));
    }

    /// Takes what waits at the sandbox, once.
    pub(crate) async fn receive_once(&self) -> usize {
        let stop = CancellationToken::new();
        let before = self.updates().await;
        let receiving = tokio::spawn(telegram::receive(self.app.clone(), stop.clone()));
        let mut settled = 0;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            settled = if self.waiting_updates().await == 0 { settled + 1 } else { 0 };
            if settled == 2 {
                break;
            }
        }
        stop.cancel();
        receiving.await.unwrap().unwrap();
        usize::try_from(self.updates().await - before).unwrap()
    }

    async fn waiting_updates(&self) -> usize {
        let url =
            format!("{}/bot{}/getWebhookInfo", self.sandbox.url(), self.sandbox.context().settings().telegram_token);
        let answer: Value = reqwest_get(&url).await;
        usize::try_from(answer["result"]["pending_update_count"].as_u64().unwrap()).unwrap()
    }

    /// Runs what is due, as often as it makes more due.
    pub(crate) async fn run_jobs(&self) -> usize {
        jobs::worker(&self.app).run_due().await
    }

    async fn updates(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM telegram_updates").fetch_one(&self.app.db).await.unwrap()
    }

    pub(crate) async fn link(&self, user_id: UserId, phone: i64, name: &str) {
        let body = json!({ "user_id": user_id, "chat_user_id": phone, "name": name });
        assert_eq!(self.internal("/internal/v1/telegram-links", body).await.status, 204);
    }

    pub(crate) async fn internal(&self, path: &str, body: Value) -> Answer {
        let headers = [testing::bearer("dashboard-backend", "notification", &self.clock)];
        testing::send(&self.router, Method::POST, path, &headers, Some(body)).await
    }

    pub(crate) async fn as_user(&self, method: Method, path: &str, user_id: UserId) -> Answer {
        let headers = [testing::signed_in(user_id, Role::Approver, "notification", &self.clock)];
        testing::send(&self.router, method, path, &headers, None).await
    }

    pub(crate) async fn raw(&self, request: Request<axum::body::Body>) -> Answer {
        testing::send_raw(&self.router, request).await
    }

    /// A question to Ada, known to the dashboard and sent to `channels`.
    pub(crate) async fn ask(&self, decision: &Decision, channels: &[&str]) -> Answer {
        self.ask_as(decision, channels, "key-1").await
    }

    pub(crate) async fn ask_as(&self, decision: &Decision, channels: &[&str], key: &str) -> Answer {
        self.dashboard.ask(decision);
        let recipient =
            json!({ "user_id": self.ada, "email": "ada@example.org", "name": "Ada Lovelace", "role": "approver" });
        let body = json!({
            "key": key, "kind": "approval_request", "project": { "id": decision.project_id, "name": decision.project_name },
            "decision": decision, "title": decision.title, "text": decision.summary, "recipients": [recipient],
            "channels": channels, "link": "https://pilot.example.org/decisions/1",
        });
        self.internal("/internal/v1/notifications", body).await
    }

    pub(crate) async fn closed(&self, decision: &Decision) {
        let path = format!("/internal/v1/decisions/{}/closed", decision.id);
        assert_eq!(self.internal(&path, json!({ "decision": decision })).await.status, 202);
    }

    pub(crate) fn messages(&self, chat_id: i64) -> Vec<Message> {
        let chats = self.sandbox.telegram().chats();
        chats.into_iter().find(|chat| chat.id == chat_id).unwrap().messages
    }

    pub(crate) async fn press(
        &self,
        chat_id: i64,
        user_id: i64,
        message: &Message,
        label: &str,
        twice: bool,
    ) -> Pressed {
        let data = button(chat_id, message, label);
        let press =
            Press { chat_id, message_id: message.id, data, user_id: Some(user_id), twice, wait_ms: Some(5_000) };
        self.sandbox.telegram().press(press).await.unwrap()
    }

    pub(crate) fn say(&self, chat_id: i64, text: &str, reply_to: Option<i64>) {
        let say = Say { chat_id, user_id: Some(chat_id).filter(|id| *id > 0), text: text.to_owned(), reply_to };
        self.sandbox.telegram().say(&say).unwrap();
    }

    pub(crate) fn person(&self, first_name: &str) -> i64 {
        let person = NewPerson { id: None, first_name: first_name.to_owned(), username: None, started: true };
        self.sandbox.telegram().add_person(person).unwrap()
    }

    /// How the attempts went, oldest first.
    pub(crate) async fn outcomes(&self) -> Vec<(String, String)> {
        sqlx::query_as("SELECT operation, outcome FROM notification_deliveries ORDER BY id")
            .fetch_all(&self.app.db)
            .await
            .unwrap()
    }

    pub(crate) async fn text_of(&self, sql: &'static str) -> Option<String> {
        sqlx::query_scalar(sql).fetch_one(&self.app.db).await.unwrap()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn database_url(db: &PgPool) -> String {
    let options = db.connect_options();
    let base = std::env::vars().find(|(name, _)| name == "DATABASE_URL").unwrap().1;
    let mut url: url::Url = base.parse().unwrap();
    url.set_path(options.get_database().unwrap());
    url.to_string()
}

pub(crate) async fn reqwest_get(url: &str) -> Value {
    let client = common::http::client::Client::new("test");
    client.json(client.request(Method::GET, url.parse().unwrap())).await.unwrap()
}

/// The data of the button whose text starts so.
pub(crate) fn button(chat_id: i64, message: &Message, label: &str) -> String {
    let markup =
        message.reply_markup.as_ref().unwrap_or_else(|| panic!("message {} in {chat_id} has no buttons", message.id));
    let rows = markup["inline_keyboard"].as_array().unwrap();
    let buttons = rows.iter().flat_map(|row| row.as_array().unwrap());
    let found = buttons.clone().find(|button| button["text"].as_str().unwrap().starts_with(label));
    found.unwrap_or_else(|| panic!("no button `{label}` in {markup}"))["callback_data"].as_str().unwrap().to_owned()
}

/// A question about a plan.
pub(crate) fn decision() -> Decision {
    Decision {
        id: DecisionId::new(),
        short_id: "D-7K2Q".to_owned(),
        project_id: ProjectId::new(),
        project_name: "todo-app".to_owned(),
        decision_type: "plan".to_owned(),
        title: "Approve the plan".to_owned(),
        summary: "14 tasks, 3 milestones.\nRisk: changes the schema.".to_owned(),
        context: json!({}),
        options: vec!["approve".to_owned(), "change".to_owned(), "reject".to_owned()],
        risk: "low".to_owned(),
        artifact: Some(DecisionArtifact { kind: "plan".to_owned(), id: None, sha: Some("3f9c1e2aa00b".to_owned()) }),
        status: "pending".to_owned(),
        choice: None,
        comment: None,
        decided_by: None,
        decided_at: None,
        channel: None,
        expires_at: Some(time::macros::datetime!(2026-11-24 18:00:00 UTC)),
        created_at: time::macros::datetime!(2026-11-22 14:00:00 UTC),
    }
}

/// Waits until `look` finds something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never happened: {what}");
}
