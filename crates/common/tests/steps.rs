//! Steps and jobs on a real Postgres, with a stand-in n8n that answers what the real one answers.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use common::clock::Clock;
use common::config::KeepJobs;
use common::ids::ProjectId;
use common::jobs::{Attempt, Job, JobError, Worker};
use common::steps::{Begin, BeginLong, Claim, LongAnswer, LongCall, N8n, ResumeCarrier, Step, fence, finish_long};
use common::testing::project_fence;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;

fn clock() -> Clock {
    Clock::fixed(time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000))
}

fn step(project_id: ProjectId, name: &str, epoch: i64) -> Step {
    Step { project_id, name: name.to_owned(), iteration: 1, epoch, execution: None }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_finished_step_answers_from_the_record(db: PgPool) {
    let (clock, project) = (clock(), ProjectId::new());
    project_fence(&db, project, 1).await;
    let step = step(project, "plan.store", 1);

    let Begin::Run(tx) = step.begin(&db, &clock, "a").await.unwrap() else { panic!("new") };
    drop(tx); // a handler that fails records nothing
    let Begin::Run(tx) = step.begin(&db, &clock, "a").await.unwrap() else { panic!("still new") };
    tx.finish(&json!({"version": 1})).await.unwrap();

    let Begin::Replayed(answer) = step.begin(&db, &clock, "a").await.unwrap() else { panic!("recorded") };
    assert!(answer.replayed);
    assert_eq!(answer.body, json!({"version": 1}));
    let other = step.begin(&db, &clock, "b").await.err().unwrap();
    assert_eq!(other.code(), "step_of_another_service");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_superseded_execution_is_refused(db: PgPool) {
    let (clock, project) = (clock(), ProjectId::new());
    let code = async |epoch| step(project, "x", epoch).begin(&db, &clock, "a").await.err().map(|e| e.code());
    assert_eq!(code(1).await, Some("no_such_project"));
    project_fence(&db, project, 2).await;
    assert_eq!(code(1).await, Some("superseded"));
    assert_eq!(code(3).await, Some("unknown_epoch"));
    assert_eq!(code(2).await, None);
    let mut conn = db.acquire().await.unwrap();
    fence::set_status(&mut conn, project, "cancelled", false, clock.now()).await.unwrap();
    assert_eq!(code(2).await, Some("project_closed"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_outside_effect_is_done_by_one_call_at_a_time(db: PgPool) {
    let (clock, project) = (Clock::system(), ProjectId::new());
    project_fence(&db, project, 1).await;
    let step = step(project, "m1.branch", 1);

    let Claim::Run(first) = step.claim(&db, &clock, "a").await.unwrap() else { panic!("new") };
    let second = tokio::spawn({
        let (step, db, clock) = (step.clone(), db.clone(), clock.clone());
        async move { matches!(step.claim(&db, &clock, "a").await, Ok(Claim::Replayed(_))) }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    first.finish(&json!({"sha": "abc"})).await.unwrap();
    assert!(second.await.unwrap(), "the second call got the first one's answer");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_lost_handler_is_followed_by_the_next_call(db: PgPool) {
    let (clock, project) = (clock(), ProjectId::new());
    project_fence(&db, project, 1).await;
    let step = step(project, "m1.branch", 1);
    let Claim::Run(lost) = step.claim(&db, &clock, "a").await.unwrap() else { panic!("new") };
    std::mem::forget(lost); // as after kill -9: nothing is given back
    clock.advance(Duration::from_secs(16));
    assert!(matches!(step.claim(&db, &clock, "a").await.unwrap(), Claim::Run(_)));
}

/// What n8n would say, in order; the last is repeated.
async fn n8n(answers: Vec<(u16, &'static str)>) -> (url::Url, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let router = Router::new().route(
        "/webhook-waiting/{id}",
        post(move |uri: http::Uri| {
            let mut seen = seen.lock().unwrap();
            let (status, body) = answers[seen.len().min(answers.len() - 1)];
            seen.push(uri.to_string());
            async move { (http::StatusCode::from_u16(status).unwrap(), body) }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, calls)
}

const BUSY: &str = r#"{"code":409,"message":"The execution \"25\" is running already."}"#;
const STARTED: &str = r#"{"message":"Workflow was started"}"#;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_long_step_is_delivered_when_the_workflow_asks_again(db: PgPool) {
    let (clock, project) = (clock(), ProjectId::new());
    project_fence(&db, project, 1).await;
    let step = step(project, "plan.agent", 1);
    let call = LongCall {
        resume_url: Some("http://elsewhere:5678/webhook-waiting/25?signature=s3cret".to_owned()),
        execution_id: Some("25".to_owned()),
    };

    let BeginLong::New(tx) = step.begin_long(&db, &clock, "a", &call).await.unwrap() else { panic!("new") };
    let id = tx.id();
    assert_eq!(tx.started().await.unwrap(), LongAnswer::Pending { id });
    let BeginLong::Answer(again) = step.begin_long(&db, &clock, "a", &call).await.unwrap() else { panic!("begun") };
    assert_eq!(again, LongAnswer::Pending { id });

    let mut conn = db.acquire().await.unwrap();
    assert!(
        finish_long(&mut conn, project, "plan.agent", 1, &json!({"outcome": "succeeded"}), clock.now()).await.unwrap()
    );
    assert!(
        !finish_long(&mut conn, project, "plan.agent", 1, &json!({"outcome": "other"}), clock.now()).await.unwrap(),
        "the first result stays"
    );

    // n8n is starting (200 to everything), then not at its Wait node yet, then takes it.
    let (url, calls) = n8n(vec![(200, "n8n is starting up. Please wait"), (409, BUSY), (200, STARTED)]).await;
    let worker =
        Worker::new(db.clone(), clock.clone()).register::<ResumeCarrier>(N8n::new(db.clone(), clock.clone(), url));
    assert_eq!(worker.run_due().await, 1);
    for _ in 0..2 {
        clock.advance(Duration::from_secs(3));
        worker.run_due().await;
    }
    assert_eq!(calls.lock().unwrap().len(), 3, "asked until it was taken");
    assert_eq!(calls.lock().unwrap()[0], "/webhook-waiting/25?signature=s3cret");

    let BeginLong::Answer(done) = step.begin_long(&db, &clock, "a", &call).await.unwrap() else { panic!("done") };
    assert_eq!(done, LongAnswer::Done { id, result: json!({"outcome": "succeeded"}) });
    clock.advance(Duration::from_secs(10));
    worker.run_due().await;
    assert_eq!(calls.lock().unwrap().len(), 3, "delivered: nobody is woken again");
    assert_eq!(worker.run_due().await, 0);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_lost_execution_is_left_to_the_reconciler(db: PgPool) {
    let (clock, project) = (clock(), ProjectId::new());
    project_fence(&db, project, 1).await;
    let step = step(project, "plan.agent", 1);
    let call =
        LongCall { resume_url: Some("http://n8n:5678/webhook-waiting/25?signature=x".to_owned()), execution_id: None };
    let BeginLong::New(tx) = step.begin_long(&db, &clock, "a", &call).await.unwrap() else { panic!("new") };
    tx.started().await.unwrap();
    let mut conn = db.acquire().await.unwrap();
    finish_long(&mut conn, project, "plan.agent", 1, &json!({}), clock.now()).await.unwrap();
    let (url, _) = n8n(vec![(409, r#"{"code":409,"message":"The execution \"25\" has finished with error."}"#)]).await;
    let worker =
        Worker::new(db.clone(), clock.clone()).register::<ResumeCarrier>(N8n::new(db.clone(), clock.clone(), url));
    assert_eq!(worker.run_due().await, 1);
    let lost = common::steps::undelivered(&mut conn, clock.now() - Duration::from_secs(60)).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert!(lost[0].carrier_lost_at.is_some());
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_paused_project_holds_new_long_work(db: PgPool) {
    let (clock, project) = (clock(), ProjectId::new());
    project_fence(&db, project, 1).await;
    let mut conn = db.acquire().await.unwrap();
    fence::set_status(&mut conn, project, "paused", true, clock.now()).await.unwrap();
    let step = step(project, "m1.implement", 1);
    let call = LongCall::default();
    assert!(matches!(
        step.begin_long(&db, &clock, "a", &call).await.unwrap(),
        BeginLong::Answer(LongAnswer::Pending { .. })
    ));
    fence::set_status(&mut conn, project, "building", false, clock.now()).await.unwrap();
    assert!(matches!(step.begin_long(&db, &clock, "a", &call).await.unwrap(), BeginLong::New(_)));
}

#[derive(Serialize, Deserialize)]
struct Flaky {
    key: Option<String>,
    fail_first: i32,
}

type Log = Arc<Mutex<Vec<i32>>>;

impl Job for Flaky {
    const QUEUE: &'static str = "test.flaky";
    const MAX_ATTEMPTS: i32 = 3;
    type Context = Log;

    fn key(&self) -> Option<String> {
        self.key.clone()
    }

    async fn run(&self, log: &Log, attempt: Attempt) -> Result<(), JobError> {
        log.lock().unwrap().push(attempt.number);
        if attempt.number <= self.fail_first {
            return Err(JobError::retry(anyhow::anyhow!("not yet")));
        }
        Ok(())
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_job_is_retried_with_back_off_and_then_given_up_and_revived(db: PgPool) {
    let (clock, log) = (clock(), Log::default());
    let worker = Worker::new(db.clone(), clock.clone()).register::<Flaky>(Arc::clone(&log));
    let mut conn = db.acquire().await.unwrap();
    common::jobs::enqueue(&mut conn, &Flaky { key: None, fail_first: 3 }, clock.now()).await.unwrap();
    for _ in 0..5 {
        worker.run_due().await;
        clock.advance(Duration::from_secs(60));
    }
    assert_eq!(*log.lock().unwrap(), [1, 2, 3]);
    let dead = common::jobs::dead(&mut conn, "test.", 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].last_error.as_deref(), Some("not yet"));
    assert!(common::jobs::revive(&mut conn, dead[0].id, clock.now()).await.unwrap());
    assert_eq!(worker.run_due().await, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn jobs_of_one_key_wait_as_one(db: PgPool) {
    let (clock, log) = (clock(), Log::default());
    let mut conn = db.acquire().await.unwrap();
    for _ in 0..3 {
        common::jobs::enqueue(&mut conn, &Flaky { key: Some("k".to_owned()), fail_first: 0 }, clock.now())
            .await
            .unwrap();
    }
    let worker = Worker::new(db.clone(), clock.clone()).register::<Flaky>(Arc::clone(&log));
    assert_eq!(worker.run_due().await, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_job_whose_process_was_killed_is_taken_by_another(db: PgPool) {
    let (clock, log) = (clock(), Log::default());
    let mut conn = db.acquire().await.unwrap();
    common::jobs::enqueue(&mut conn, &Flaky { key: Some("k".to_owned()), fail_first: 0 }, clock.now()).await.unwrap();
    sqlx::query("UPDATE jobs SET state = 'running', lease_until = $1")
        .bind(clock.now() + Duration::from_secs(15))
        .execute(&mut *conn)
        .await
        .unwrap();
    let worker = Worker::new(db.clone(), clock.clone()).register::<Flaky>(Arc::clone(&log));
    assert_eq!(worker.run_due().await, 0, "its lease is not over");
    clock.advance(Duration::from_secs(16));
    assert_eq!(worker.run_due().await, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn ended_jobs_go_when_they_were_kept_long_enough(db: PgPool) {
    let (clock, log) = (clock(), Log::default());
    let mut conn = db.acquire().await.unwrap();
    let keep = KeepJobs { done: Duration::from_hours(2), dead: Some(Duration::from_hours(48)) };
    let worker = Worker::new(db.clone(), clock.clone()).register::<Flaky>(Arc::clone(&log)).keep(keep);
    let states = async || -> Vec<String> {
        sqlx::query_scalar("SELECT state FROM jobs ORDER BY state").fetch_all(&db).await.unwrap()
    };
    for fail_first in [0, 9] {
        common::jobs::enqueue(&mut conn, &Flaky { key: None, fail_first }, clock.now()).await.unwrap();
    }
    for _ in 0..4 {
        worker.run_due().await;
        clock.advance(Duration::from_secs(60));
    }
    let later = clock.now() + Duration::from_hours(1000);
    common::jobs::enqueue_at(&mut conn, &Flaky { key: None, fail_first: 0 }, later, clock.now()).await.unwrap();
    for (hours, left) in
        [(1, &["dead", "done", "ready"] as &[_]), (2, &["dead", "ready"]), (46, &["ready"]), (500, &["ready"])]
    {
        clock.advance(Duration::from_hours(hours));
        worker.tidy_up().await;
        assert_eq!(states().await, left, "after {hours} more hours");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn more_rows_than_one_statement_takes_go_in_one_round(db: PgPool) {
    let clock = clock();
    sqlx::query(
        "INSERT INTO jobs (id, queue, payload, state, max_attempts, run_at, created_at, finished_at)
         SELECT gen_random_uuid(), 'test.flaky', '{}', 'done', 3, $1, $1, $1 FROM generate_series(1, $2)",
    )
    .bind(clock.now())
    .bind(i32::try_from(common::jobs::PRUNE_AT_ONCE).unwrap() * 2 + 1)
    .execute(&db)
    .await
    .unwrap();
    clock.advance(Duration::from_hours(25));
    Worker::new(db.clone(), clock).tidy_up().await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&db).await.unwrap();
    assert_eq!(left, 0);
}
