//! Every query of every dashboard, alert and recording rule against a live Prometheus, and an alert from a killed service to a phone.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Facts;
use crate::demo::{Api, Approvals, Watch, is_final};
use crate::http;
use crate::say::say;
use crate::shell::interrupted;
use crate::stack::Stack;

/// About this machine, not about us: a small or busy one may rightly complain.
const OF_THE_MACHINE: [&str; 6] = [
    "DiskAlmostFull",
    "DiskFillsUp",
    "MemoryAlmostFull",
    "ClockSkewed",
    "LatencyBudgetBurnFast",
    "LatencyBudgetBurnSlow",
];
/// How long a number may take to arrive: two scrapes, two evaluations, and the ten seconds between two looks into the database.
const PATIENCE: Duration = Duration::from_secs(45);

/// Everything watches from here on, and a backup is reported, as an installation would.
pub(super) fn begin(stack: &mut Stack) -> anyhow::Result<()> {
    stack.start_monitoring()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (name, unfinished) = (stack.textfiles().join("quantapilot_backup.prom"), stack.textfiles().join("backup.new"));
    let text = format!(
        "quantapilot_backup_last_success_timestamp_seconds {now}\nquantapilot_backup_last_size_bytes 1048576\n"
    );
    std::fs::write(&unfinished, text)?;
    Ok(std::fs::rename(unfinished, name)?)
}

/// One project with everything watching, then all checks.
pub(super) fn alone(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    begin(stack)?;
    let mut api = Api::sign_in(stack)?;
    let mut watch = Watch::begin(stack, &mut api, "python-cli")?;
    let (begin, mut status) = (Instant::now(), String::new());
    while !interrupted() && !is_final(&status) && begin.elapsed() < Duration::from_mins(10) {
        stack.tend();
        status = watch.step(stack, &mut api, Approvals::Press)?;
        std::thread::sleep(Duration::from_millis(500));
    }
    facts.check("the project is completed", status == "completed", || format!("it is {status}"));
    check(stack, facts)
}

/// Asks Prometheus for everything that people may look at, after a project has been built.
pub(super) fn check(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    say!("    … every query of dashboards and rules");
    let prometheus = Prometheus { url: stack.ports.url("prometheus") };
    leave_traces(stack)?;
    wait_for(PATIENCE, || prometheus.has_data("sum by (reason) (rate(gateway_auth_refused_total[1m]))", false));
    rules(&prometheus, facts)?;
    panels(stack, &prometheus, facts)?;
    for name in exporter_metrics(stack)? {
        facts.check(&format!("`{name}` exists"), prometheus.has_data(&name, false), || "nobody has it".to_owned());
    }
    let firing = firing(&prometheus)?;
    let unexpected: Vec<_> =
        firing.iter().filter(|name| *name != "Watchdog" && !OF_THE_MACHINE.contains(&name.as_str())).collect();
    facts.check(
        "while all is well only the watchdog fires",
        firing.iter().any(|name| name == "Watchdog") && unexpected.is_empty(),
        || format!("{firing:?}"),
    );
    an_alert_reaches_people(stack, &prometheus, facts)
}

/// What a healthy run does not do: requests without a good token.
fn leave_traces(stack: &Stack) -> anyhow::Result<()> {
    let url = format!("{}/api/v1/projects", stack.ports.url("api-gateway"));
    for token in [None, Some(("authorization", "Bearer nobody-signed-this"))] {
        http::send("GET", &url, token.as_slice(), None)?;
    }
    Ok(())
}

struct Prometheus {
    url: String,
}

impl Prometheus {
    fn get(&self, path: &str) -> anyhow::Result<Value> {
        http::call("GET", &format!("{}{path}", self.url), &[], None)
    }

    /// Whether a query answers at least one number: now, or within the last five minutes.
    fn has_data(&self, query: &str, over_time: bool) -> bool {
        let query = encoded(&query.replace("$__rate_interval", "1m"));
        let path = if over_time {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            format!("/api/v1/query_range?query={query}&start={}&end={now}&step=5", now - 300)
        } else {
            format!("/api/v1/query?query={query}")
        };
        let Ok(answer) = self.get(&path) else { return false };
        let numbers = answer["data"]["result"].as_array().into_iter().flatten().flat_map(|series| {
            let many = series["values"].as_array().into_iter().flatten().map(|pair| &pair[1]);
            many.chain(std::iter::once(&series["value"][1]))
        });
        numbers.filter_map(Value::as_str).any(|number| number != "NaN")
    }
}

/// Every rule is evaluated without an error, and every recording rule has a number.
fn rules(prometheus: &Prometheus, facts: &mut Facts) -> anyhow::Result<()> {
    let answer = prometheus.get("/api/v1/rules")?;
    let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
    let rules: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().into_iter().flatten()).collect();
    facts.check("Prometheus has our rules", rules.len() > 50, || format!("{} rules", rules.len()));
    for rule in rules {
        let name = rule["name"].as_str().unwrap_or_default();
        let query = rule["query"].as_str().unwrap_or_default();
        let asked = prometheus.get(&format!("/api/v1/query?query={}", encoded(query)));
        let well = rule["health"] == "ok" && asked.is_ok();
        facts.check(&format!("rule {name} is evaluated"), well, || format!("{} {asked:?}", rule["lastError"]));
        if rule["type"] == "recording" {
            facts.check(&format!("rule {name} records something"), prometheus.has_data(name, false), || {
                query.to_owned()
            });
        }
    }
    Ok(())
}

fn panels(stack: &Stack, prometheus: &Prometheus, facts: &mut Facts) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(stack.layout.root.join("grafana/dashboards"))?.flatten() {
        let dashboard: Value = serde_json::from_slice(&std::fs::read(entry.path())?)?;
        for panel in dashboard["panels"].as_array().into_iter().flatten() {
            let title = format!(
                "{}: {}",
                dashboard["title"].as_str().unwrap_or_default(),
                panel["title"].as_str().unwrap_or_default()
            );
            let queries: Vec<&str> = panel["targets"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|target| target["expr"].as_str())
                .collect();
            if queries.is_empty() {
                continue;
            }
            let over_time = panel["type"] == "timeseries";
            let silent = || queries.iter().find(|query| !prometheus.has_data(query, over_time));
            wait_for(PATIENCE, || silent().is_none());
            facts.check(&format!("panel “{title}” has data"), silent().is_none(), || {
                silent().map_or_else(String::new, |query| format!("no number for {query}"))
            });
        }
    }
    Ok(())
}

fn exporter_metrics(stack: &Stack) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(stack.layout.root.join("prometheus/exporter-metrics.txt"))?;
    let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn firing(prometheus: &Prometheus) -> anyhow::Result<Vec<String>> {
    let answer = prometheus.get("/api/v1/alerts")?;
    let alerts = answer["data"]["alerts"].as_array().into_iter().flatten();
    let firing =
        alerts.filter(|alert| alert["state"] == "firing").filter_map(|alert| alert["labels"]["alertname"].as_str());
    Ok(firing.map(str::to_owned).collect())
}

/// From a killed process over the real Alertmanager to the phone and the mailbox, and the good news afterwards.
fn an_alert_reaches_people(stack: &mut Stack, prometheus: &Prometheus, facts: &mut Facts) -> anyhow::Result<()> {
    say!("    ⚡ cursor-integration is killed");
    stack.kill("cursor-integration")?;
    let fires =
        wait_for(PATIENCE, || firing(prometheus).is_ok_and(|names| names.iter().any(|name| name == "ServiceDown")));
    facts.check("ServiceDown fires for a killed service", fires, || "it does not".to_owned());
    let sandbox = stack.ports.url("sandbox");
    let phone = |words: &[&str]| {
        let chats = http::call("GET", &format!("{sandbox}/_sandbox/api/telegram/chats"), &[], None).unwrap_or_default();
        let messages = chats["chats"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|chat| chat["messages"].as_array().into_iter().flatten());
        messages.filter_map(|message| message["text"].as_str()).any(|text| words.iter().all(|word| text.contains(word)))
    };
    let told = ["ServiceDown", "cursor-integration does not answer", "docs/runbooks.md#servicedown"];
    facts.check("it reaches the phone, with what to do", wait_for(PATIENCE, || phone(&told)), || {
        "no such message".to_owned()
    });
    let mails = http::call("GET", &format!("{sandbox}/_sandbox/api/mails"), &[], None)?.to_string();
    facts.check("it reaches the mailbox", mails.contains("Critical: ServiceDown"), || "no such mail".to_owned());
    stack.revive("cursor-integration")?;
    let over = wait_for(PATIENCE, || phone(&["Resolved: ServiceDown"]));
    facts.check("its end is told", over, || "no such message".to_owned());
    Ok(())
}

/// Whether it became true in time.
fn wait_for(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    loop {
        if holds() {
            return true;
        }
        if interrupted() || begin.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// For the query of a URL.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
