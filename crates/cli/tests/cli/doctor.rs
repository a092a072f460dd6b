use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{quantapilot, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn severity(report: &Value, id: &str) -> Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no finding {id}: {report:#}"))["severity"].clone()
}

#[test]
fn it_names_what_is_wrong_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let mut command = quantapilot(&["--json", "doctor", "--secrets-dir", "/nowhere"]);
    let urls = [
        "API_GATEWAY_URL",
        "CURSOR_INTEGRATION_URL",
        "GITHUB_INTEGRATION_URL",
        "NOTIFICATION_URL",
        "DASHBOARD_BACKEND_URL",
        "N8N_URL",
        "GITHUB_API_URL",
        "TELEGRAM_API_URL",
    ];
    command.envs(urls.map(|name| (name, "http://127.0.0.1:9"))).env("REDIS_URL", "redis://127.0.0.1:9");
    command
        .env("GITHUB_TOKEN", "hush-token")
        .env("TELEGRAM_BOT_TOKEN", "12:hush-bot")
        .env("SMTP_URL", "smtp://me:hush-mail@127.0.0.1:9");
    let (code, stdout, stderr) = run(command.current_dir(home.path()));
    assert_eq!(code, 1, "{stderr}");
    assert!(!stdout.contains("hush-") && !stderr.contains("hush-"), "no secret is repeated: {stdout}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["healthy"], false);
    for id in
        ["settings.notification", "secrets.files", "service.notification", "service.dashboard-backend", "n8n.ready"]
    {
        assert_eq!(severity(&report, id), "critical", "{id}");
    }
    for id in ["redis.reachable", "credentials.github", "credentials.telegram", "credentials.smtp", "backup.age"] {
        assert_eq!(severity(&report, id), "warning", "{id}");
    }
    for id in ["database.reachable", "n8n.workflows", "credentials.cursor"] {
        assert_eq!(severity(&report, id), "skipped", "{id}");
    }
    assert_eq!(severity(&report, "tls.public-url"), "ok");
    let told = |finding: &Value| {
        !["critical", "warning"].contains(&finding["severity"].as_str().unwrap()) || finding["fix"].is_string()
    };
    assert!(report["findings"].as_array().unwrap().iter().all(told), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_tried_where_they_belong() {
    use axum::Json;
    use axum::http::HeaderMap;
    use axum::routing::get;
    let router = axum::Router::new()
        .route(
            "/user",
            get(async |headers: HeaderMap| {
                (
                    [(
                        "x-oauth-scopes",
                        if headers["authorization"] == "Bearer good" { "repo, workflow" } else { "repo" },
                    )],
                    Json(serde_json::json!({"login": "pilot"})),
                )
            }),
        )
        .route("/v1/me", get(async || axum::http::StatusCode::UNAUTHORIZED))
        .route(
            "/bot12:abc/getMe",
            get(async || Json(serde_json::json!({"ok": true, "result": {"username": "pilot_bot"}}))),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let report = |token: &str| -> Value {
        let mut command = quantapilot(&["--json", "doctor", "--secrets-dir", "/nowhere"]);
        command
            .envs(["GITHUB_API_URL", "CURSOR_API_URL", "TELEGRAM_API_URL", "N8N_URL"].map(|name| (name, url.clone())));
        command.env("GITHUB_TOKEN", token).env("CURSOR_API_KEY", "crsr_x").env("TELEGRAM_BOT_TOKEN", "12:abc");
        serde_json::from_str(&run(&mut command).1).unwrap()
    };
    let good = report("good");
    assert_eq!(severity(&good, "credentials.github"), "ok");
    assert_eq!(severity(&good, "credentials.cursor"), "critical");
    assert_eq!(severity(&good, "credentials.telegram"), "ok");
    assert_eq!(severity(&report("weak"), "credentials.github"), "critical", "it may not push files of workflows");
}

fn compose(file: &Path, overlays: &[PathBuf]) -> (i32, Value) {
    let mut command = quantapilot(&["--json", "doctor", "--compose", file.to_str().unwrap()]);
    for overlay in overlays {
        command.arg("-f").arg(overlay);
    }
    // What the production overlay insists on.
    let (code, stdout, stderr) = run(command.env("DOMAIN", "pilot.example.org").env("N8N_DOMAIN", "n8n.example.org"));
    (code, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}")))
}

#[test]
fn what_we_ship_passes_with_every_overlay() {
    let file = root().join("docker-compose.yml");
    let mut overlays: Vec<PathBuf> = std::fs::read_dir(root().join("deploy"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("compose.") && path.extension().is_some_and(|extension| extension == "yml")
        })
        .collect();
    overlays.sort();
    let mut wrong = Vec::new();
    let mut look = |name: &str, overlays: &[PathBuf]| {
        let (_, report) = compose(&file, overlays);
        for finding in report["findings"].as_array().unwrap() {
            if ["critical", "warning"].contains(&finding["severity"].as_str().unwrap()) {
                wrong.push(format!("{name}: {} {}", finding["id"], finding["detail"]));
            }
        }
    };
    look("docker-compose.yml", &[]);
    for overlay in overlays {
        look(&overlay.file_name().unwrap().to_string_lossy(), std::slice::from_ref(&overlay));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_careless_compose_file_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let (file, overlay) = (home.path().join("compose.yml"), home.path().join("over.yml"));
    std::fs::write(
        &file,
        "services:
  postgres:
    image: postgres
    ports: ['5432:5432']
    networks: [edge]
    environment: {POSTGRES_PASSWORD: changeme}
  notification:
    image: quantapilot/notification:1
    privileged: true
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    environment: {SMTP_ULR: 'smtp://x', DATABASE_URL: 'postgres://a:b@postgres/x', SERVICE_TOKEN_SECRET_FILE: /x, N8N_INBOUND_TOKEN_FILE: /x}
",
    )
    .unwrap();
    let (code, report) = compose(&file, &[]);
    assert_eq!(code, 1);
    for id in [
        "compose.ports",
        "compose.networks",
        "compose.secrets",
        "compose.examples",
        "compose.hardening",
        "compose.limits",
        "compose.healthchecks",
        "compose.images",
    ] {
        assert_eq!(severity(&report, id), "critical", "{id}");
    }
    assert_eq!(severity(&report, "compose.settings.notification"), "warning", "a misspelt name is noticed");
    // An overlay may take it back.
    std::fs::write(&overlay, "services: {postgres: {ports: !reset [], networks: !override [internal]}}\n").unwrap();
    let (_, report) = compose(&file, &[overlay]);
    assert_eq!((severity(&report, "compose.ports"), severity(&report, "compose.networks")), ("ok".into(), "ok".into()));

    let (code, _, stderr) = run(&mut quantapilot(&["doctor", "--compose", "/nowhere.yml"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("cannot read `/nowhere.yml`"), "{stderr}");
}
