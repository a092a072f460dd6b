//! The Bot API over HTTP, in every spelling its clients use.

use std::time::Duration;

use serde_json::{Value, json};

use super::{NewPerson, Press, Say};
use crate::{Sandbox, Settings};

async fn start(settings: Settings) -> Sandbox {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Sandbox::start(settings).await.expect("the sandbox starts")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().build().expect("a plain client can be built")
}

fn address(sandbox: &Sandbox, method: &str) -> String {
    format!("{}/bot{}/{method}", sandbox.url(), sandbox.context().settings().telegram_token)
}

async fn read(request: reqwest::RequestBuilder) -> Value {
    request.send().await.expect("an answer").json().await.expect("JSON")
}

async fn get(sandbox: &Sandbox, method: &str) -> Value {
    read(client().get(address(sandbox, method))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_and_letter_case_is_understood() {
    let sandbox = start(Settings::default()).await;
    let markup = json!({ "inline_keyboard": [[{ "text": "Go", "callback_data": "x" }]] });
    let send = || client().post(address(&sandbox, "SENDMESSAGE"));
    let form = [("chat_id", "1001".to_owned()), ("text", "one".to_owned()), ("reply_markup", markup.to_string())];
    assert_eq!(read(send().form(&form)).await["result"]["reply_markup"], markup);
    let second = read(send().json(&json!({ "chat_id": "@ada", "text": "two", "reply_markup": markup }))).await;
    assert_eq!(second["result"]["chat"]["id"], 1001);
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n1001\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"text\"\r\n\r\nthree\r\n--b--\r\n";
    let third = read(send().header("content-type", "multipart/form-data; boundary=b").body(multipart)).await;
    assert_eq!(third["result"]["text"], "three");
    assert_eq!(get(&sandbox, "sendmessage?chat_id=1001&text=four").await["result"]["message_id"], 4);
    assert_eq!(get(&sandbox, "GetMe").await["result"]["is_bot"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_methods_are_refused_like_the_real_ones() {
    let sandbox = start(Settings::default()).await;
    let code = async |path: &str| {
        let answer = read(client().get(format!("{}{path}", sandbox.url()))).await;
        (answer["error_code"].as_u64(), answer["description"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(code("/bot1:nobody/getMe").await, (Some(401), "Unauthorized".to_owned()));
    assert_eq!(code("/bot:x/getMe").await, (Some(404), "Not Found".to_owned()));
    let unknown = get(&sandbox, "flyToTheMoon").await;
    assert_eq!(unknown["error_code"], 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_confirms_and_a_second_poller_takes_over() {
    let sandbox = start(Settings::default()).await;
    let say = |text: &str| {
        let say = Say { chat_id: 1001, text: text.to_owned(), ..Say::default() };
        sandbox.telegram().say(&say).expect("Ada can type")
    };
    say("one");
    say("two");
    let updates = get(&sandbox, "getUpdates").await["result"].clone();
    let last = updates[1]["update_id"].as_i64().expect("a number");
    assert_eq!(get(&sandbox, "getUpdates").await["result"], updates, "not confirmed, so handed out again");
    assert_eq!(get(&sandbox, "getUpdates?offset=-1").await["result"].as_array().map(Vec::len), Some(1));

    let waiting =
        tokio::spawn(client().get(address(&sandbox, &format!("getUpdates?offset={}&timeout=20", last + 1))).send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let newer =
        tokio::spawn(client().get(address(&sandbox, &format!("getUpdates?offset={}&timeout=20", last + 1))).send());
    let older = waiting.await.expect("no panic").expect("an answer");
    assert_eq!(older.status(), 409);
    say("three");
    let newer: Value = newer.await.expect("no panic").expect("an answer").json().await.expect("JSON");
    assert_eq!(newer["result"][0]["message"]["text"], "three");

    let set = get(&sandbox, "setWebhook?url=http://127.0.0.1:9/hook&secret_token=s").await;
    assert_eq!(set["ok"], true);
    assert_eq!(get(&sandbox, "getUpdates").await["error_code"], 409);
    assert_eq!(get(&sandbox, "setWebhook?url=http://example.org/hook").await["error_code"], 400);
    assert_eq!(get(&sandbox, "deleteWebhook").await["ok"], true);
    assert_eq!(get(&sandbox, "getUpdates").await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = || Settings { data_dir: Some(folder.path().to_owned()), ..Settings::default() };
    let sandbox = start(settings()).await;
    let person = NewPerson { id: None, first_name: "Alan".to_owned(), username: None, started: true };
    let alan = sandbox.telegram().add_person(person).expect("there is room");
    let markup = json!({ "inline_keyboard": [[{ "text": "Go", "callback_data": "x" }]] });
    read(
        client()
            .post(address(&sandbox, "sendMessage"))
            .json(&json!({ "chat_id": alan, "text": "hi", "reply_markup": markup })),
    )
    .await;
    let press = Press { chat_id: alan, message_id: 1, data: "x".to_owned(), wait_ms: Some(0), ..Press::default() };
    sandbox.telegram().press(press).await.expect("the button is there");
    sandbox.shutdown().await;

    let sandbox = start(settings()).await;
    let updates = get(&sandbox, "getUpdates").await;
    assert_eq!(updates["result"][0]["callback_query"]["data"], "x");
    assert_eq!(updates["result"][0]["callback_query"]["from"]["first_name"], "Alan");
    let confirmed = updates["result"][0]["update_id"].as_i64().expect("a number") + 1;
    assert_eq!(get(&sandbox, &format!("getUpdates?offset={confirmed}")).await["result"], json!([]));
    sandbox.telegram().redeliver(1);
    assert_eq!(get(&sandbox, "getUpdates").await["result"].as_array().map(Vec::len), Some(1));
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_can_be_answered_only_for_a_while() {
    let sandbox = start(Settings::default()).await;
    let markup = json!({ "inline_keyboard": [[{ "text": "Go", "callback_data": "x" }]] });
    read(
        client()
            .post(address(&sandbox, "sendMessage"))
            .json(&json!({ "chat_id": 1001, "text": "hi", "reply_markup": markup })),
    )
    .await;
    sandbox.telegram().set_callback_lifetime(-1);
    let press =
        Press { chat_id: 1001, message_id: 1, data: "x".to_owned(), twice: true, wait_ms: Some(0), user_id: None };
    let pressed = sandbox.telegram().press(press).await.expect("the button is there");
    assert_eq!(pressed.callbacks.len(), 2);
    let late = get(&sandbox, &format!("answerCallbackQuery?callback_query_id={}", pressed.callbacks[0].id)).await;
    assert!(late["description"].as_str().unwrap_or_default().contains("query is too old"), "{late}");
    let absent = Press { chat_id: 1001, message_id: 1, data: "y".to_owned(), ..Press::default() };
    assert!(sandbox.telegram().press(absent).await.is_err(), "only buttons that are there can be pressed");
}
