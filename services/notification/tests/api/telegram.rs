//! Questions on the phone, and what comes of pressing.

use std::time::Duration;

use common::ids::UserId;
use notification::{jobs, telegram};
use sandbox::faults::{Kind, NewFault, Surface};
use sandbox::telegram::GROUP_ID;
use serde_json::json;
use sqlx::PgPool;

use super::support::{ADA, GRACE, Installation, Shape, button, decision, eventually};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_pressed_button_decides_and_the_message_says_so(db: PgPool) {
    let installation = Installation::shaped(db, Shape { public_https: true, ..Shape::default() }).await;
    installation.receive();
    let decision = decision();
    assert_eq!(installation.ask(&decision, &["telegram"]).await.status, 202);
    installation.run_jobs().await;

    let question = installation.messages(ADA).pop().unwrap();
    assert!(question.text.contains("todo-app · decision needed"), "{}", question.text);
    assert!(question.text.contains("Answer by 24 Nov 18:00 UTC · D-7K2Q"), "{}", question.text);
    let markup = question.reply_markup.clone().unwrap();
    assert_eq!(markup["inline_keyboard"][0][0]["style"], "success");
    assert_eq!(markup["inline_keyboard"][1][0]["url"], "https://pilot.example.org/decisions/1");

    let pressed = installation.press(ADA, ADA, &question, "✅", false).await;
    assert_eq!(pressed.callbacks[0].text.as_deref(), Some("Recording your answer…"));
    assert!(installation.dashboard.answers().is_empty(), "the press is acknowledged before the answer is handed in");

    assert!(installation.run_jobs().await >= 2, "handing in, then editing");
    let answers = installation.dashboard.answers();
    assert_eq!((answers.len(), answers[0].user_id, answers[0].choice.as_str()), (1, installation.ada, "approve"));
    assert_eq!(answers[0].evidence_sha.as_deref(), Some("3f9c1e2aa00b"));
    let question = installation.messages(ADA).pop().unwrap();
    assert!(question.text.ends_with("✅ Approved by Ada (telegram), 22 Nov 14:02 UTC · D-7K2Q"), "{}", question.text);
    let markup = question.reply_markup.unwrap();
    assert_eq!(markup["inline_keyboard"].as_array().unwrap().len(), 1, "only the link is left: {markup}");
    assert_eq!(installation.messages(ADA).len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn pressed_twice_is_one_answer(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).pop().unwrap();
    let pressed = installation.press(ADA, ADA, &question, "✅", true).await;
    assert_eq!(pressed.callbacks.len(), 2);
    assert!(pressed.callbacks.iter().all(|callback| callback.answered), "neither button spins");
    installation.run_jobs().await;
    assert_eq!(installation.dashboard.answers().len(), 1);
    assert_eq!(installation.messages(ADA).len(), 1, "and nobody is told off for it");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_update_delivered_again_changes_nothing(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    installation.ask(&decision, &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).pop().unwrap();
    let code = button(ADA, &question, "✅");
    let update = json!({ "update_id": 5, "callback_query": {
        "id": "1", "from": { "id": ADA, "is_bot": false, "first_name": "Ada" }, "data": code, "chat_instance": "1",
        "message": { "message_id": question.id, "date": 1, "chat": { "id": ADA, "type": "private" } } } });
    for _ in 0..3 {
        telegram::take(&installation.app, &update).await.unwrap();
    }
    installation.run_jobs().await;
    assert_eq!(installation.dashboard.answers().len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_weighty_decision_takes_a_second_tap_that_names_the_commit(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    let mut decision = decision();
    decision.risk = "high".to_owned();
    decision.decision_type = "merge".to_owned();
    installation.ask(&decision, &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).pop().unwrap();
    installation.press(ADA, ADA, &question, "✅", false).await;
    installation.run_jobs().await;
    assert!(installation.dashboard.answers().is_empty());
    let asking = installation.messages(ADA).pop().unwrap();
    assert_eq!(asking.id, question.id, "the same message asks");

    installation.press(ADA, ADA, &asking, "Back", false).await;
    installation.run_jobs().await;
    let again = installation.messages(ADA).pop().unwrap();
    installation.press(ADA, ADA, &again, "✅", false).await;
    installation.run_jobs().await;
    let asking = installation.messages(ADA).pop().unwrap();
    installation.press(ADA, ADA, &asking, "Yes, merge (3f9c1e2)", false).await;
    installation.run_jobs().await;
    assert_eq!(installation.dashboard.answers().len(), 1);
    assert!(installation.messages(ADA)[0].text.contains("✅ Approved by Ada"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn rejecting_asks_for_a_reason_and_takes_only_a_reply(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).pop().unwrap();
    installation.press(ADA, ADA, &question, "⛔", false).await;
    installation.run_jobs().await;
    let prompt = installation.messages(ADA).pop().unwrap();
    assert_eq!(prompt.reply_markup.as_ref().unwrap()["force_reply"], true);
    assert_eq!(prompt.reply_to, Some(question.id));

    installation.say(ADA, "too expensive", None);
    eventually("the free message is taken in", async || (count(&installation, "told").await == 1).then_some(())).await;
    installation.run_jobs().await;
    assert!(installation.dashboard.answers().is_empty(), "a message alone is no answer");

    installation.say(ADA, "too <expensive> & slow", Some(prompt.id));
    eventually("the reply is taken in", async || (count(&installation, "answered").await == 1).then_some(())).await;
    installation.run_jobs().await;
    let answers = installation.dashboard.answers();
    assert_eq!(answers[0].choice, "reject");
    assert_eq!(answers[0].comment.as_deref(), Some("too <expensive> & slow"));
    assert!(
        installation
            .messages(ADA)
            .iter()
            .any(|message| message.id == question.id && message.text.contains("⛔ Rejected by Ada"))
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn in_a_group_a_stranger_gets_an_alert_and_a_viewer_is_told(db: PgPool) {
    let installation = Installation::shaped(db, Shape { group: true, ..Shape::default() }).await;
    installation.receive();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(GROUP_ID).pop().unwrap();
    let pressed = installation.press(GROUP_ID, 1003, &question, "✅", false).await;
    assert!(pressed.callbacks[0].show_alert);
    assert!(pressed.callbacks[0].text.as_deref().unwrap().contains("not an approver"));
    installation.run_jobs().await;
    assert!(installation.dashboard.answers().is_empty());

    let grace = UserId::new();
    installation.link(grace, GRACE, "Grace").await;
    installation.dashboard.only_viewer(grace);
    installation.press(GROUP_ID, GRACE, &question, "✅", false).await;
    installation.run_jobs().await;
    assert!(installation.messages(GROUP_ID).pop().unwrap().text.contains("You are not an approver"));

    installation.press(GROUP_ID, ADA, &question, "✅", false).await;
    installation.run_jobs().await;
    let decided = |chat| installation.messages(chat).iter().any(|message| message.text.contains("✅ Approved by Ada"));
    assert!(decided(GROUP_ID) && decided(ADA), "every message that asked is edited, in every chat");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_decision_made_elsewhere_is_shown_and_a_late_press_learns_of_it(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    let decision = decision();
    installation.ask(&decision, &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).pop().unwrap();
    let data = button(ADA, &question, "✅");

    // Pressed after the dashboard decided, but before the news reached us: the ruling tells.
    let decided = installation.dashboard.decide(decision.id, "reject", "Grace");
    installation.press(ADA, ADA, &question, "✅", false).await;
    installation.run_jobs().await;
    let told = installation.messages(ADA).pop().unwrap();
    assert_eq!(told.text, "Already decided. ⛔ Rejected by Grace (dashboard), 22 Nov 14:02 UTC");
    assert!(installation.messages(ADA)[0].text.contains("⛔ Rejected by Grace (dashboard)"));

    // The news itself, twice: nothing more happens, and an old button only informs.
    installation.closed(&decided).await;
    installation.closed(&decided).await;
    installation.run_jobs().await;
    let stale = json!({ "update_id": 900_000_000, "callback_query": { "id": "9", "from": { "id": ADA, "first_name": "Ada" }, "data": data } });
    telegram::take(&installation.app, &stale).await.unwrap();
    installation.run_jobs().await;
    assert_eq!(count(&installation, "late").await, 1);
    assert_eq!(installation.dashboard.answers().len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_answer_waits_out_an_outage_of_the_dashboard(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    installation.dashboard.fail(3);
    let question = installation.messages(ADA).pop().unwrap();
    installation.press(ADA, ADA, &question, "✅", false).await;
    for _ in 0..5 {
        installation.run_jobs().await;
        installation.clock.advance(Duration::from_mins(10));
    }
    assert_eq!(installation.dashboard.answers().len(), 1);
    assert!(installation.messages(ADA)[0].text.contains("✅ Approved"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn retry_after_pauses_the_whole_bot_and_then_everything_goes_once_in_order(db: PgPool) {
    let installation = Installation::start(db).await;
    let grace = UserId::new();
    installation.link(grace, GRACE, "Grace").await;
    let limit = NewFault::once(Surface::Telegram, Kind::RateLimit { retry_after_seconds: 7 }).on("*/sendMessage");
    installation.sandbox.faults().add(limit);
    for (key, title) in [("a", "first"), ("b", "second")] {
        let recipients = json!([
            { "user_id": installation.ada, "email": "ada@example.org", "name": "Ada", "role": "approver" },
            { "user_id": grace, "email": "grace@example.org", "name": "Grace", "role": "approver" },
        ]);
        let body = json!({ "key": key, "kind": "stage", "project": { "id": UserId::new(), "name": "p" }, "title": title, "text": "",
            "recipients": recipients, "channels": ["telegram"] });
        assert_eq!(installation.internal("/internal/v1/notifications", body).await.status, 202);
    }
    installation.run_jobs().await;
    installation.clock.advance(Duration::from_millis(6900));
    installation.run_jobs().await;
    assert!(
        installation.messages(ADA).is_empty() && installation.messages(GRACE).is_empty(),
        "nothing for 7 s, in no chat"
    );
    installation.clock.advance(Duration::from_millis(200));
    installation.run_jobs().await;
    for chat in [ADA, GRACE] {
        let texts: Vec<_> = installation.messages(chat).into_iter().map(|message| message.text).collect();
        assert!(texts.len() == 2 && texts[0].contains("first") && texts[1].contains("second"), "{texts:?}");
    }
    assert_eq!(installation.outcomes().await[0], ("send".to_owned(), "retry".to_owned()));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn who_blocked_the_bot_gets_a_mail_instead(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.sandbox.telegram().set_blocked(ADA, true).unwrap();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    let mails = installation.sandbox.mail().caught();
    assert_eq!((mails.len(), mails[0].recipients[0].as_str()), (1, "ada@example.org"));
    let reason =
        installation.text_of("SELECT reason FROM notification_messages WHERE channel = 'telegram'").await.unwrap();
    assert!(reason.contains("bot was blocked by the user"), "{reason}");
    let link = installation.as_user(http::Method::GET, "/api/v1/telegram-links", installation.ada).await;
    assert_eq!(link.body["items"][0]["blocked"], true);

    // The next one does not even try.
    let calls = installation.sandbox.telegram().calls().len();
    let mut next = decision();
    next.title = "Next".to_owned();
    installation.ask_as(&next, &["telegram"], "key-2").await;
    installation.run_jobs().await;
    assert_eq!(installation.sandbox.mail().caught().len(), 2);
    assert_eq!(installation.sandbox.telegram().calls().len(), calls);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn hostile_text_never_breaks_a_message(db: PgPool) {
    let installation = Installation::start(db).await;
    let nasty =
        ["<b>&amp;</i>", "a\u{202E}b\r\nc", "😀\u{0}<script>alert(1)</script>", "{{#each}}", "_*[]()~`>#+-=|{}.!"];
    for (number, name) in nasty.iter().enumerate() {
        let mut decision = decision();
        decision.project_name = (*name).to_owned();
        decision.title = format!("{name}{}", "<ж>".repeat(2000));
        decision.summary = format!("{name}{}", "&<>\"'".repeat(3000));
        decision.short_id = "<D>".to_owned();
        installation.ask_as(&decision, &["telegram", "email"], &format!("n{number}")).await;
    }
    installation.run_jobs().await;
    let refused: Vec<_> =
        installation.sandbox.telegram().calls().into_iter().filter_map(|call| call.description).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(installation.messages(ADA).len(), nasty.len());
    assert!(installation.messages(ADA)[0].text.contains("<b>&amp;</i>"), "shown as it was written");
    assert_eq!(installation.sandbox.mail().caught().len(), nasty.len());
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_same_key_is_sent_once_and_so_is_what_a_killed_process_left(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    let first = installation.ask(&decision, &["telegram", "email"]).await;
    let second = installation.ask(&decision, &["telegram", "email"]).await;
    assert_eq!(first.body["id"], second.body["id"]);
    // A process claims the jobs and dies before it sends: they come back when the lease is over.
    sqlx::query("UPDATE jobs SET state = 'running', lease_owner = gen_random_uuid(), lease_until = $1")
        .bind(installation.clock.now() + Duration::from_secs(15))
        .execute(&installation.app.db)
        .await
        .unwrap();
    assert_eq!(installation.run_jobs().await, 0);
    installation.clock.advance(Duration::from_secs(16));
    installation.run_jobs().await;
    assert_eq!(installation.messages(ADA).len(), 1);
    assert_eq!(installation.sandbox.mail().caught().len(), 1);
    assert_eq!(jobs::worker(&installation.app).run_due().await, 0);
}

/// From now on the database refuses to learn how an attempt went, when `refuses` holds for the number of the try.
async fn refuse_outcomes(installation: &Installation, refuses: &str) {
    let run = async |sql: String| {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&installation.app.db).await.unwrap();
    };
    run("CREATE SEQUENCE chats".to_owned()).await;
    run("CREATE SEQUENCE mails".to_owned()).await;
    // What a sequence has counted stays counted when the transaction is rolled back.
    run(format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         DECLARE try bigint := nextval(CASE WHEN NEW.chat_id IS NULL THEN 'mails' ELSE 'chats' END);
         BEGIN IF {refuses} THEN RAISE 'starting up'; END IF; RETURN NEW; END $$"
    ))
    .await;
    run("CREATE TRIGGER refuse BEFORE UPDATE ON notification_deliveries FOR EACH ROW EXECUTE FUNCTION refuse()"
        .to_owned())
    .await;
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_sent_just_before_the_database_went_away_is_not_sent_again(db: PgPool) {
    let installation = Installation::start(db).await;
    refuse_outcomes(&installation, "try = 1").await;
    installation.ask(&decision(), &["telegram", "email"]).await;
    assert_eq!(installation.run_jobs().await, 2, "neither job is run again");
    assert_eq!(installation.messages(ADA).len(), 1);
    assert_eq!(installation.sandbox.mail().caught().len(), 1);
    let sent = ("send".to_owned(), "sent".to_owned());
    assert_eq!(installation.outcomes().await, [sent.clone(), sent], "each was written down on the second try");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_sent_is_remembered_for_as_long_as_the_database_is_away(db: PgPool) {
    let installation = Installation::start(db).await;
    refuse_outcomes(&installation, "true").await;
    installation.ask(&decision(), &["telegram", "email"]).await;
    let runs = [(); 2].map(|()| {
        let worker = jobs::worker(&installation.app);
        tokio::spawn(async move { worker.run_due().await })
    });
    eventually("both outcomes are refused", async || {
        let called = "SELECT count(last_value)::text FROM pg_sequences WHERE sequencename IN ('chats', 'mails')";
        (installation.text_of(called).await? == "2").then_some(())
    })
    .await;
    for run in runs {
        run.abort();
    }
    sqlx::query("DROP TRIGGER refuse ON notification_deliveries").execute(&installation.app.db).await.unwrap();
    // The leases of both are over.
    installation.clock.advance(Duration::from_secs(16));
    assert_eq!(installation.run_jobs().await, 2);
    assert_eq!(installation.messages(ADA).len(), 1);
    assert_eq!(installation.sandbox.mail().caught().len(), 1);
    let sent = ("send".to_owned(), "sent".to_owned());
    assert_eq!(installation.outcomes().await, [sent.clone(), sent]);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_copy_that_a_killed_process_could_not_note_is_closed_too(db: PgPool) {
    let installation = Installation::start(db).await;
    installation.receive();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    // Telegram took it, and the process died before it noted that.
    for sql in [
        "UPDATE notification_messages SET state = 'pending', provider_id = NULL, telegram_ids = '{}'",
        "UPDATE telegram_outbox SET state = 'waiting'",
    ] {
        sqlx::query(sql).execute(&installation.app.db).await.unwrap();
    }
    let question = installation.messages(ADA).pop().unwrap();
    installation.press(ADA, ADA, &question, "✅", false).await;
    installation.run_jobs().await;
    assert_eq!(installation.messages(ADA).len(), 1, "the press proves that it is there, so it is not sent again");
    assert!(installation.messages(ADA)[0].text.contains("✅ Approved by Ada"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_deleted_message_is_replaced_so_that_the_outcome_is_seen(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    installation.ask(&decision, &["telegram"]).await;
    installation.run_jobs().await;
    let question = installation.messages(ADA).pop().unwrap();
    let token = installation.sandbox.context().settings().telegram_token.clone();
    let url =
        format!("{}/bot{token}/deleteMessage?chat_id={ADA}&message_id={}", installation.sandbox.url(), question.id);
    super::support::reqwest_get(&url).await;
    let decided = installation.dashboard.decide(decision.id, "approve", "Grace");
    installation.closed(&decided).await;
    installation.run_jobs().await;
    assert!(installation.messages(ADA).pop().unwrap().text.contains("✅ Approved by Grace"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn news_of_the_end_that_overtakes_the_question_keeps_it_unsent(db: PgPool) {
    let installation = Installation::start(db).await;
    let decision = decision();
    installation.dashboard.ask(&decision);
    let decided = installation.dashboard.decide(decision.id, "approve", "Grace");
    installation.closed(&decided).await;
    installation.ask(&decision, &["telegram", "email"]).await;
    installation.run_jobs().await;
    assert!(installation.messages(ADA).is_empty());
    assert!(installation.sandbox.mail().caught().is_empty());
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_webhook_takes_only_what_knows_the_secret(db: PgPool) {
    let installation = Installation::shaped(db, Shape { webhook: true, ..Shape::default() }).await;
    let post = |secret: &str, body: &str| {
        let request = http::Request::post("/webhooks/telegram").header("x-telegram-bot-api-secret-token", secret);
        request.body(axum::body::Body::from(body.to_owned())).unwrap()
    };
    assert_eq!(installation.raw(post("wrong", "{}")).await.status, 401);
    assert_eq!(installation.raw(post("a-secret-for-the-webhook", "{")).await.status, 400);

    installation.receive();
    installation.ask(&decision(), &["telegram"]).await;
    installation.run_jobs().await;
    eventually("the webhook is set", async || {
        installation.sandbox.telegram().calls().iter().any(|call| call.method == "setWebhook").then_some(())
    })
    .await;
    let question = installation.messages(ADA).pop().unwrap();
    let pressed = installation.press(ADA, ADA, &question, "✅", false).await;
    assert!(pressed.callbacks[0].answered);
    installation.run_jobs().await;
    assert_eq!(installation.dashboard.answers().len(), 1);
}

async fn count(installation: &Installation, outcome: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM telegram_updates WHERE outcome = $1")
        .bind(outcome)
        .fetch_one(&installation.app.db)
        .await
        .unwrap()
}
