//! Rules for what the chart renders: nothing runs with more rights than it needs, every name leads somewhere, every setting exists.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize as _;
use serde_json::Value;

use super::Findings;

/// Our own images; what else runs has settings of its own.
const OURS: [&str; 7] = [
    "api-gateway",
    "cursor-integration",
    "github-integration",
    "notification",
    "dashboard-backend",
    "quantapilot",
    "sandbox",
];

/// Settings that are no service's, so `.env.example` does not list them: the operator's tool's and the sandbox's.
const OTHER_SETTINGS: [&str; 11] = [
    "SECRETS_DIR",
    "DATABASE_PASSWORD",
    "REDIS_PASSWORD",
    "N8N_OWNER_EMAIL",
    "N8N_OWNER_PASSWORD",
    "SANDBOX_PUBLIC_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "BACKUP_PASSPHRASE",
    "ALERTMANAGER_TOKEN",
    "HOME",
    "RUST_BACKTRACE",
];

/// The names of all settings.
pub(super) fn settings(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(root.join(".env.example")).context("cannot read .env.example")?;
    let listed =
        text.lines().filter_map(|line| line.trim_start_matches('#').split_once('=')).map(|(name, _)| name.to_owned());
    Ok(listed.chain(OTHER_SETTINGS.map(str::to_owned)).collect())
}

/// Checks the documents of one rendering.
pub(super) fn check(
    name: &str,
    text: &str,
    settings: &BTreeSet<String>,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let mut documents = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let value = Value::deserialize(document).with_context(|| format!("{name}: not YAML"))?;
        if !value.is_null() {
            documents.push(value);
        }
    }
    let all = Manifests { documents: &documents };
    for document in &documents {
        let at = format!("{name}: {}", title(document));
        if let Some(pod) = pod(document) {
            pod_is_confined(&at, pod, findings);
            names_lead_somewhere(&at, pod, &all, findings);
            for container in containers(pod) {
                container_is_confined(&at, container, document, findings);
                settings_exist(&at, container, settings, findings);
            }
        }
        selectors_find_pods(&at, document, &all, findings);
    }
    let mut seen = BTreeSet::new();
    for document in &documents {
        findings.expect(seen.insert(title(document)), || format!("{name}: {} is there twice", title(document)));
    }
    Ok(())
}

struct Manifests<'a> {
    documents: &'a [Value],
}

impl Manifests<'_> {
    fn has(&self, kind: &str, name: &str) -> bool {
        self.documents.iter().any(|one| one["kind"] == kind && one["metadata"]["name"] == name)
    }

    /// The document of that kind and name; Secrets may be the person's own, which the chart does not render.
    fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.documents.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == name)
    }

    fn pods_with(&self, labels: &Value) -> Vec<&Value> {
        self.documents
            .iter()
            .filter_map(template)
            .filter(|template| {
                let own = &template["metadata"]["labels"];
                labels.as_object().is_some_and(|wanted| wanted.iter().all(|(key, value)| &own[key] == value))
            })
            .collect()
    }
}

fn title(document: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    format!("{} {}", text(&document["kind"]), text(&document["metadata"]["name"]))
}

fn template(document: &Value) -> Option<&Value> {
    let spec = if document["kind"] == "CronJob" { &document["spec"]["jobTemplate"]["spec"] } else { &document["spec"] };
    spec.get("template").filter(|template| template["spec"].is_object())
}

fn pod(document: &Value) -> Option<&Value> {
    if document["kind"] == "Pod" {
        Some(&document["spec"])
    } else {
        template(document).map(|template| &template["spec"])
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    list(&pod["initContainers"]).chain(list(&pod["containers"]))
}

fn pod_is_confined(at: &str, pod: &Value, findings: &mut Findings) {
    let security = &pod["securityContext"];
    findings.expect(security["runAsNonRoot"] == true, || format!("{at}: may run as root"));
    findings.expect(security["runAsUser"].as_u64().is_some_and(|user| user > 0), || format!("{at}: names no user"));
    findings.expect(security["seccompProfile"]["type"] == "RuntimeDefault", || format!("{at}: has no seccomp profile"));
    findings
        .expect(pod["automountServiceAccountToken"] == false, || format!("{at}: gets a token of the cluster's API"));
    for shared in ["hostNetwork", "hostPID", "hostIPC"] {
        findings.expect(pod[shared].is_null(), || format!("{at}: shares {shared} with its node"));
    }
    for volume in list(&pod["volumes"]) {
        findings.expect(volume["hostPath"].is_null(), || format!("{at}: mounts a folder of its node: {volume}"));
        // Without a limit a container could fill its node's disk.
        if volume["emptyDir"].is_object() {
            findings.expect(volume["emptyDir"]["sizeLimit"].is_string(), || {
                format!("{at}: {} may grow without limit", volume["name"])
            });
        }
    }
}

fn container_is_confined(at: &str, container: &Value, document: &Value, findings: &mut Findings) {
    let at = format!("{at}, container {}", container["name"].as_str().unwrap_or("?"));
    let security = &container["securityContext"];
    findings.expect(security["readOnlyRootFilesystem"] == true, || format!("{at}: may write to its root"));
    findings.expect(security["allowPrivilegeEscalation"] == false, || format!("{at}: may gain privileges"));
    findings.expect(security["privileged"].is_null(), || format!("{at}: is privileged"));
    findings
        .expect(security["capabilities"]["drop"] == serde_json::json!(["ALL"]), || format!("{at}: keeps capabilities"));
    findings.expect(security["capabilities"]["add"].is_null(), || format!("{at}: adds capabilities"));
    findings.expect(container["resources"]["limits"]["memory"].is_string(), || format!("{at}: has no memory limit"));
    findings.expect(container["resources"]["requests"]["cpu"].is_string(), || format!("{at}: asks for no CPU"));
    let image = container["image"].as_str().unwrap_or_default();
    let version = image.rsplit('/').next().and_then(|last| last.split_once([':', '@'])).map(|(_, version)| version);
    findings.expect(version.is_some_and(|version| version != "latest"), || format!("{at}: `{image}` names no version"));
    // A Job ends by itself.
    if document["kind"] != "Job" && document["kind"] != "CronJob" {
        for probe in ["livenessProbe", "readinessProbe"] {
            findings.expect(container[probe].is_object(), || format!("{at}: has no {probe}"));
        }
    }
}

/// Volumes, accounts, Secrets and their keys, config maps: what a pod names is there.
fn names_lead_somewhere(at: &str, pod: &Value, all: &Manifests<'_>, findings: &mut Findings) {
    let account = pod["serviceAccountName"].as_str().unwrap_or_default();
    findings.expect(all.has("ServiceAccount", account), || format!("{at}: there is no ServiceAccount `{account}`"));
    let volumes: BTreeSet<&str> = list(&pod["volumes"]).filter_map(|volume| volume["name"].as_str()).collect();
    for mount in containers(pod).flat_map(|container| list(&container["volumeMounts"])) {
        let name = mount["name"].as_str().unwrap_or_default();
        // A StatefulSet's own claims are called `data`.
        findings.expect(volumes.contains(name) || name == "data", || format!("{at}: there is no volume `{name}`"));
    }
    let files: BTreeSet<String> = list(&pod["volumes"])
        .filter(|volume| volume["name"] == "secrets")
        .flat_map(|volume| list(&volume["projected"]["sources"]))
        .flat_map(|source| {
            let secret = &source["secret"];
            let own = secret["name"].as_str().and_then(|name| all.find("Secret", name));
            for item in list(&secret["items"]) {
                let key = item["key"].as_str().unwrap_or_default();
                let there = own.is_none_or(|own| own["data"][key].is_string()) || secret["optional"] == true;
                findings.expect(there, || format!("{at}: the Secret has no key `{key}`"));
            }
            list(&secret["items"]).filter_map(|item| item["path"].as_str().map(str::to_owned))
        })
        .collect();
    for variable in containers(pod).flat_map(|container| list(&container["env"])) {
        let value = variable["value"].as_str().unwrap_or_default();
        if let Some(file) = value.strip_prefix("/run/secrets/quantapilot/") {
            // Published by the bootstrap, so no key of the Secret.
            let there = files.contains(file) || file == "n8n_api_key";
            findings.expect(there, || format!("{at}: {} names `{file}`, which is not mounted", variable["name"]));
        }
    }
    for config_map in list(&pod["volumes"]).filter_map(|volume| volume["configMap"]["name"].as_str()) {
        findings.expect(all.has("ConfigMap", config_map), || format!("{at}: there is no ConfigMap `{config_map}`"));
    }
}

fn settings_exist(at: &str, container: &Value, settings: &BTreeSet<String>, findings: &mut Findings) {
    let image = container["image"].as_str().unwrap_or_default();
    let program = image.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    if !OURS.contains(&program) {
        return;
    }
    let mut seen = BTreeSet::new();
    for variable in list(&container["env"]) {
        let name = variable["name"].as_str().unwrap_or_default();
        let known =
            settings.contains(name) || name.strip_suffix("_FILE").is_some_and(|secret| settings.contains(secret));
        findings.expect(known, || format!("{at}: there is no setting `{name}`"));
        findings.expect(seen.insert(name), || format!("{at}: {name} is set twice"));
    }
}

/// What selects pods finds some.
fn selectors_find_pods(at: &str, document: &Value, all: &Manifests<'_>, findings: &mut Findings) {
    let spec = &document["spec"];
    let mut selectors: Vec<&Value> = Vec::new();
    match document["kind"].as_str().unwrap_or_default() {
        "Service" => {
            selectors.push(&spec["selector"]);
            let ports: BTreeSet<&str> = all
                .pods_with(&spec["selector"])
                .into_iter()
                .flat_map(|template| containers(&template["spec"]))
                .flat_map(|container| list(&container["ports"]))
                .filter_map(|port| port["name"].as_str())
                .collect();
            for port in list(&spec["ports"]) {
                let target = port["targetPort"].as_str().unwrap_or_default();
                findings.expect(ports.contains(target), || format!("{at}: no container has a port `{target}`"));
            }
        }
        "Deployment" | "StatefulSet" | "PodDisruptionBudget" => selectors.push(&spec["selector"]["matchLabels"]),
        "NetworkPolicy" => {
            selectors.push(&spec["podSelector"]["matchLabels"]);
            let rules = list(&spec["ingress"]).flat_map(|rule| list(&rule["from"]));
            let peers = rules.chain(list(&spec["egress"]).flat_map(|rule| list(&rule["to"])));
            selectors.extend(peers.map(|peer| &peer["podSelector"]["matchLabels"]).filter(|labels| !labels.is_null()));
        }
        "HorizontalPodAutoscaler" => {
            let target = spec["scaleTargetRef"]["name"].as_str().unwrap_or_default();
            findings.expect(all.has("Deployment", target), || format!("{at}: there is no Deployment `{target}`"));
        }
        "Ingress" => {
            for path in list(&spec["rules"]).flat_map(|rule| list(&rule["http"]["paths"])) {
                let service = path["backend"]["service"]["name"].as_str().unwrap_or_default();
                findings.expect(all.has("Service", service), || format!("{at}: there is no Service `{service}`"));
            }
        }
        _ => {}
    }
    for labels in selectors {
        findings.expect(!all.pods_with(labels).is_empty(), || format!("{at}: no pod has the labels {labels}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFINED: &str = r"
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: web
          image: registry.example.org:5000/quantapilot/notification:1.0
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          env: [{ name: LOG, value: info }]
          livenessProbe: { httpGet: { path: / } }
          readinessProbe: { httpGet: { path: / } }
          resources: { requests: { cpu: 10m }, limits: { memory: 1Mi } }
---
kind: ServiceAccount
metadata: { name: web }
";

    fn problems(text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        check("x", text, &BTreeSet::from(["LOG".to_owned()]), &mut findings).unwrap();
        findings.problems
    }

    #[test]
    fn a_confined_pod_passes() {
        assert_eq!(problems(CONFINED), Vec::<String>::new());
    }

    #[test]
    fn each_loosening_is_found() {
        for (from, to, word) in [
            ("runAsNonRoot: true", "runAsNonRoot: false", "may run as root"),
            ("runAsUser: 65532", "runAsUser: 0", "names no user"),
            ("readOnlyRootFilesystem: true, ", "", "may write to its root"),
            ("drop: [ALL]", "drop: [NET_RAW]", "keeps capabilities"),
            ("drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", "adds capabilities"),
            ("notification:1.0", "notification:latest", "names no version"),
            ("notification:1.0", "notification", "names no version"),
            ("automountServiceAccountToken: false", "", "token"),
            ("limits: { memory: 1Mi }", "limits: {}", "no memory limit"),
            ("name: LOG,", "name: LOGG,", "no setting `LOGG`"),
            ("matchLabels: { app: web }", "matchLabels: { app: wob }", "no pod has the labels"),
            ("serviceAccountName: web", "serviceAccountName: wob", "no ServiceAccount"),
            ("          livenessProbe: { httpGet: { path: / } }\n", "", "no livenessProbe"),
        ] {
            let found = problems(&CONFINED.replacen(from, to, 1));
            assert!(found.iter().any(|problem| problem.contains(word)), "`{from}` → `{to}`: {found:?}");
        }
    }
}
