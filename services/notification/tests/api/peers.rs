//! Clients nobody here wrote, against the sandbox: proof that it speaks what the world speaks. And the published description of the Bot API,
//! against what we send and what the sandbox hands out.
//!
//! They are fetched when the test runs. Without a registry a test says loudly that it proved nothing.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sandbox::{Sandbox, Settings};
use serde_json::Value;
use sqlx::PgPool;
use tokio::process::Command;

use super::bot_api::BotApi;
use super::support::{ADA, Installation, Shape, decision};

const BOT_API_SOURCE: &str = "aiogram==3.31.0";

#[tokio::test(flavor = "multi_thread")]
async fn grammy_walks_from_start_to_edit() {
    let Some(folder) = npm_folder().await else { return };
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    let token = sandbox.context().settings().telegram_token.clone();
    let report = run(Command::new("node").arg(folder.join("grammy.mjs")).arg(sandbox.url()).arg(token)).await;
    assert_eq!(report, "{\"failures\":[]}", "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_mail_client_is_content_with_the_catcher() {
    if Command::new("python3").arg("--version").output().await.is_err() {
        return skip("python3 is not installed");
    }
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    let port = sandbox.smtp_addr().port().to_string();
    let report = run(Command::new("python3").arg(peers().join("smtp.py")).arg(port).arg(sandbox.url())).await;
    assert_eq!(report, "{\"failures\": []}", "{report}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn every_call_and_every_update_fits_the_published_bot_api(db: PgPool) {
    let Some(api) = bot_api().await else { return };
    let installation = Installation::shaped(db, Shape { public_https: true, ..Shape::default() }).await;
    installation.receive();
    let mut decision = decision();
    decision.risk = "high".to_owned();
    installation.ask(&decision, &["telegram"]).await;
    installation.run_jobs().await;
    for label in ["⛔", "✅", "Yes"] {
        let question = installation.messages(ADA).into_iter().find(|message| message.reply_to.is_none()).unwrap();
        installation.press(ADA, ADA, &question, label, false).await;
        installation.run_jobs().await;
    }
    installation.say(ADA, "/status", Some(1));
    installation.sandbox.telegram().set_blocked(ADA, true).unwrap();
    super::support::eventually("all updates are in", async || {
        let stored: i64 =
            sqlx::query_scalar("SELECT count(*) FROM telegram_updates").fetch_one(&installation.app.db).await.unwrap();
        (stored == 5).then_some(())
    })
    .await;

    let calls = installation.sandbox.telegram().calls();
    let mut problems = Vec::new();
    for call in &calls {
        api.check_call(&call.method, &call.params, &mut problems);
    }
    let methods: std::collections::BTreeSet<_> = calls.iter().map(|call| call.method.as_str()).collect();
    for expected in ["getMe", "setMyCommands", "sendMessage", "editMessageText", "answerCallbackQuery"] {
        assert!(methods.contains(expected), "{expected} was never called: {methods:?}");
    }
    let updates: Vec<Value> = sqlx::query_scalar("SELECT body FROM telegram_updates ORDER BY update_id")
        .fetch_all(&installation.app.db)
        .await
        .unwrap();
    for update in &updates {
        api.check("Update", update, "update", &mut problems);
    }
    let token = installation.sandbox.context().settings().telegram_token.clone();
    for (path, kind) in [
        ("getMe", "User"),
        ("getWebhookInfo", "WebhookInfo"),
        ("getChat?chat_id=1001", "ChatFullInfo"),
        ("sendMessage?chat_id=1002&text=hi", "Message"),
    ] {
        let answer = super::support::reqwest_get(&format!("{}/bot{token}/{path}", installation.sandbox.url())).await;
        api.check(kind, &answer["result"], path, &mut problems);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

fn cache(name: &str) -> PathBuf {
    let variable =
        |wanted: &str| std::env::vars_os().find(|(name, _)| name == wanted).map(|(_, value)| PathBuf::from(value));
    let base = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("quantapilot").join(name)
}

#[expect(clippy::print_stderr, reason = "a skipped proof must be seen")]
fn skip(reason: &str) {
    eprintln!("\n!!! SKIPPED, nothing was proved: {reason}\n");
}

async fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { text } else { format!("{text}\n{}", String::from_utf8_lossy(&output.stderr)) }
}

/// A folder with the scripts and what they need, installed once per version.
async fn npm_folder() -> Option<PathBuf> {
    let folder = cache("peer-grammy-1.46.0");
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["package.json", "grammy.mjs"] {
        std::fs::copy(peers().join(file), folder.join(file)).unwrap();
    }
    if folder.join("node_modules/grammy/package.json").exists() {
        return Some(folder);
    }
    let install = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .await;
    match install {
        Ok(output) if output.status.success() => Some(folder),
        Ok(output) => {
            skip(&format!("npm cannot install grammy: {}", String::from_utf8_lossy(&output.stderr)));
            None
        }
        Err(error) => {
            skip(&format!("npm is not installed: {error}"));
            None
        }
    }
}

/// The Bot API as data: it travels in the source archive of a Python client.
async fn bot_api() -> Option<BotApi> {
    let folder = cache("bot-api-10.3");
    let schema = folder.join("schema.json");
    if !schema.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let script = "pip download --quiet --no-deps --no-binary :all: --no-build-isolation -d . \"$1\" >/dev/null 2>&1 \
                      || python3 -m pip download --quiet --no-deps --no-binary :all: -d . \"$1\"; \
                      tar -xzf aiogram-*.tar.gz --wildcards '*/.butcher/schema/schema.json' -O > schema.new && mv schema.new schema.json";
        let output = Command::new("sh")
            .args(["-c", script, "sh", BOT_API_SOURCE])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .await;
        if !schema.exists() {
            skip(&format!("the description of the Bot API cannot be fetched: {output:?}"));
            return None;
        }
    }
    Some(BotApi::read(&std::fs::read(&schema).unwrap()))
}
