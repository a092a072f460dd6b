//! `prometheus/` and `grafana/` as a whole: every metric they name exists, every alert can be acted on, every panel can be read.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files under `dir`, builds left out.
fn files(dir: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(dir)];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir()
                && !matches!(path.file_name().and_then(|n| n.to_str()), Some("node_modules" | "target" | "dist"))
            {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn yaml(path: &Path) -> Value {
    serde_yaml_ng::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every rule of every file.
fn rules() -> Vec<Value> {
    let rules: Vec<Value> = files("prometheus/rules", ".yml")
        .iter()
        .map(|file| yaml(file))
        .flat_map(|file| {
            list(&file["groups"])
                .flat_map(|group| list(&group["rules"]).cloned().collect::<Vec<_>>())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(rules.len() > 40, "the rules were read");
    rules
}

fn alerts() -> Vec<Value> {
    rules().into_iter().filter(|rule| rule["alert"].is_string()).collect()
}

/// Every dashboard by its file's name.
fn dashboards() -> BTreeMap<String, Value> {
    files("grafana/dashboards", ".json")
        .iter()
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), serde_json::from_str(&read(path)).unwrap())
        })
        .collect()
}

/// Panels that show something: rows are only headings.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    list(&dashboard["panels"]).filter(|panel| panel["type"] != "row")
}

/// Names of metrics in a `PromQL` expression: words that are neither functions, keywords, labels nor durations.
fn metrics_in(expression: &str) -> BTreeSet<String> {
    const KEYWORDS: [&str; 13] = [
        "and",
        "or",
        "unless",
        "bool",
        "offset",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "inf",
        "nan",
    ];
    let mut found = BTreeSet::new();
    let mut rest = expression;
    let mut after_clause = false;
    while let Some(c) = rest.chars().next() {
        if let Some((open, close)) = [('{', '}'), ('[', ']'), ('"', '"')].into_iter().find(|(open, _)| *open == c) {
            let mut end = 0;
            let mut quoted = open == '"';
            for (at, inner) in rest.char_indices().skip(1) {
                end = at;
                match inner {
                    '"' if open != '"' => quoted = !quoted,
                    inner if inner == close && (open == '"' || !quoted) => break,
                    _ => {}
                }
            }
            rest = &rest[end + 1..];
        } else if c == '(' && after_clause {
            rest = &rest[rest.find(')').unwrap() + 1..]; // labels of `by (…)`, `on (…)`
            after_clause = false;
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let next = after.trim_start();
            // `sum by (x) (…)` is a call as well.
            let is_call = ["(", "by ", "by(", "without ", "without("].iter().any(|start| next.starts_with(start));
            after_clause = matches!(word, "by" | "without" | "on" | "ignoring" | "group_left" | "group_right");
            if !is_call && !KEYWORDS.contains(&word.to_lowercase().as_str()) {
                found.insert(word.to_owned());
            }
            rest = after;
        } else if c.is_ascii_digit() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        } else {
            rest = &rest[c.len_utf8()..];
        }
        // An aggregation may name its labels before or after its argument: `sum by (x) (…)`, `sum(…) by (x)`.
        if after_clause && !rest.trim_start().starts_with('(') {
            after_clause = false;
        }
    }
    found
}

#[test]
fn metrics_are_found_in_expressions() {
    let names = |text: &str| metrics_in(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(
        names("sum by (service, le) (rate(a_bucket{route!~\"x|(y)\"}[5m])) / on (z) group_left() (b - 1e3) > bool 0.5"),
        "a_bucket b"
    );
    assert_eq!(
        names("max(c offset 1d) by (q) or vector(0) and d{e=\"}f\"} unless predict_linear(g[6h], 4 * 86400)"),
        "c d g"
    );
    assert_eq!(names("slo:x:rate5m > 14.4 * 0.005"), "slo:x:rate5m");
}

/// What the services register, read from their code, histograms with their three series.
fn ours() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files("services", ".rs").into_iter().chain(files("crates/common/src", ".rs")) {
        if file.to_string_lossy().contains("/tests/") {
            continue;
        }
        let source = read(&file);
        let code = source.split("#[cfg(test)]").next().unwrap();
        for (call, is_histogram) in [
            ("counter(", false),
            ("gauge(", false),
            ("histogram(", true),
            ("HistogramOpts::new(", true),
            ("IntGauge::new(", false),
            ("IntCounter::new(", false),
            ("Gauge::new(", false),
            ("Counter::new(", false),
            ("Opts::new(", false),
        ] {
            for (at, _) in code.match_indices(call) {
                let Some(name) =
                    code[at + call.len()..].trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
                else {
                    continue;
                };
                names.insert(name.to_owned());
                if is_histogram || call == "Opts::new(" {
                    names.extend(["_bucket", "_sum", "_count"].map(|ending| format!("{name}{ending}")));
                }
            }
        }
    }
    assert!(
        names.contains("jobs_total") && names.contains("http_request_duration_seconds_bucket"),
        "the code was read"
    );
    names
}

/// Metrics of programs that are not ours.
fn foreign() -> BTreeSet<String> {
    read("prometheus/exporter-metrics.txt")
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn every_metric_named_is_one_that_exists() {
    let (ours, foreign, rules) = (ours(), foreign(), rules());
    let recorded: BTreeSet<String> =
        rules.iter().map(|rule| text(&rule["record"]).to_owned()).filter(|name| !name.is_empty()).collect();
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    let mut note = |expression: &str, place: &str| {
        for name in metrics_in(expression) {
            used.entry(name).or_insert_with(|| place.to_owned());
        }
    };
    for rule in &rules {
        let place = format!("{}{}", text(&rule["alert"]), text(&rule["record"]));
        note(text(&rule["expr"]), &place);
    }
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            for target in list(&panel["targets"]) {
                note(text(&target["expr"]), &format!("{file}: {}", text(&panel["title"])));
            }
        }
        for annotation in list(&dashboard["annotations"]["list"]) {
            note(text(&annotation["expr"]), &format!("{file}: annotation"));
        }
    }
    let unknown: Vec<_> = used
        .iter()
        .filter(|(name, _)| !ours.contains(*name) && !foreign.contains(*name) && !recorded.contains(*name))
        .collect();
    assert!(
        unknown.is_empty(),
        "nobody has these metrics (a typing error, or a line for prometheus/exporter-metrics.txt): {unknown:#?}"
    );
    let unused: Vec<_> = foreign.iter().filter(|name| !used.contains_key(*name)).collect();
    assert!(unused.is_empty(), "prometheus/exporter-metrics.txt lists what nobody uses: {unused:?}");
}

#[test]
fn every_metric_of_ours_is_described() {
    let page = read("docs/monitoring.md");
    let base = |name: &String| !["_bucket", "_sum", "_count"].iter().any(|ending| name.ends_with(ending));
    let missing: Vec<_> = ours().into_iter().filter(base).filter(|name| !page.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/monitoring.md does not name: {missing:?}");
}

#[test]
fn every_alert_says_what_to_do_and_is_tested() {
    let runbooks = read("docs/runbooks.md");
    let mut tested = BTreeSet::new();
    for file in files("prometheus/tests", ".yml") {
        for test in list(&yaml(&file)["tests"]) {
            for case in list(&test["alert_rule_test"]) {
                if list(&case["exp_alerts"]).next().is_some() {
                    tested.insert(text(&case["alertname"]).to_owned());
                }
            }
        }
    }
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = text(&alert["alert"]);
        assert!(names.insert(name.to_owned()), "two alerts are called {name}");
        assert!(matches!(text(&alert["labels"]["severity"]), "critical" | "warning" | "none"), "{name}: severity");
        let note = |key: &str| text(&alert["annotations"][key]).to_owned();
        assert!(!note("summary").is_empty() && note("summary").len() <= 100, "{name}: the summary is one short line");
        assert!(note("description").len() > 40, "{name}: the description says what it means and the first step");
        assert_eq!(note("runbook_url"), format!("docs/runbooks.md#{}", name.to_lowercase()), "{name}");
        let entry = runbooks.split(&format!("### {name}\n")).nth(1).unwrap_or_else(|| panic!("{name} has no runbook"));
        let entry = entry.split("\n#").next().unwrap();
        for part in ["**Means.**", "**Look.**", "**Do.**"] {
            assert!(entry.contains(part), "{name}: the runbook lacks {part}");
        }
        assert!(tested.contains(name), "{name} has no test in prometheus/tests that expects it to fire");
    }
    let orphans: Vec<_> =
        runbooks.lines().filter_map(|line| line.strip_prefix("### ")).filter(|name| !names.contains(*name)).collect();
    assert!(orphans.is_empty(), "runbooks of alerts that do not exist: {orphans:?}");
}

#[test]
fn every_panel_can_be_read() {
    const UNITS: [&str; 10] =
        ["none", "short", "reqps", "ops", "percentunit", "s", "bytes", "Bps", "currencyUSD", "percent"];
    const TYPES: [&str; 6] = ["timeseries", "stat", "gauge", "bargauge", "table", "text"];
    let dashboards = dashboards();
    assert_eq!(dashboards.len(), 7, "overview, projects, agents, gateway, integrations, jobs, infrastructure");
    let sources = yaml(&root().join("grafana/provisioning/datasources/prometheus.yml"));
    let source_uids: Vec<&str> = list(&sources["datasources"]).map(|source| text(&source["uid"])).collect();
    let uids: BTreeSet<String> = dashboards.values().map(|dashboard| text(&dashboard["uid"]).to_owned()).collect();
    assert_eq!(uids.len(), 7, "uids are unique");
    for (file, dashboard) in &dashboards {
        for key in ["title", "description"] {
            assert!(!text(&dashboard[key]).is_empty(), "{file}: {key}");
        }
        assert!(dashboard["schemaVersion"].as_u64() >= Some(36), "{file}: schemaVersion");
        assert!(dashboard["id"].is_null(), "{file}: a provisioned dashboard has no id of some database");
        for link in list(&dashboard["links"]) {
            let target = text(&link["url"]).strip_prefix("/d/").unwrap_or_default();
            assert!(uids.contains(target), "{file}: a link to `{target}`, which is no dashboard");
        }
        let mut ids = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for panel in list(&dashboard["panels"]) {
            let title = format!("{file}: {}", text(&panel["title"]));
            assert!(!text(&panel["title"]).is_empty(), "{title}: a title");
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
            let grid = |key: &str| panel["gridPos"][key].as_u64().unwrap_or_else(|| panic!("{title}: gridPos.{key}"));
            assert!(
                grid("w") > 0 && grid("h") > 0 && grid("x") + grid("w") <= 24,
                "{title}: it does not fit into 24 columns"
            );
            for x in grid("x")..grid("x") + grid("w") {
                for y in grid("y")..grid("y") + grid("h") {
                    assert!(taken.insert((x, y)), "{title}: it overlaps another");
                }
            }
        }
        for panel in panels(dashboard) {
            let title = format!("{file}: {}", text(&panel["title"]));
            assert!(TYPES.contains(&text(&panel["type"])), "{title}: type {}", panel["type"]);
            assert!(text(&panel["description"]).len() > 5, "{title}: a description");
            let unit = text(&panel["fieldConfig"]["defaults"]["unit"]);
            assert!(UNITS.contains(&unit), "{title}: the unit `{unit}`");
            let targets: Vec<&Value> = list(&panel["targets"]).collect();
            assert!(!targets.is_empty(), "{title}: a query");
            let refs: BTreeSet<&str> = targets.iter().map(|target| text(&target["refId"])).collect();
            assert_eq!(refs.len(), targets.len(), "{title}: refIds are unique");
            for place in targets.iter().copied().chain([panel]) {
                assert!(
                    source_uids.contains(&text(&place["datasource"]["uid"])),
                    "{title}: its data source is none of ours"
                );
            }
            assert!(targets.iter().all(|target| !text(&target["expr"]).is_empty()), "{title}: an empty query");
        }
    }
}
