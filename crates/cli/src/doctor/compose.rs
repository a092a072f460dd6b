//! A compose file and its overlays, looked at without anything running: what is published, where secrets are, how the containers are fenced in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::doctor::Finding;
use common::config::Reader;
use serde_yaml_ng::{Mapping, Value};

use super::{secrets, settings};
use crate::output::Failure;

/// What anybody may reach: the gateway, n8n's editor, and a proxy with TLS in front of them.
const PUBLIC: [&str; 2] = ["api-gateway", "n8n"];
const PROXY_PORTS: [&str; 2] = ["80", "443"];
/// What must not stand where published ports lead.
const PRIVATE: [&str; 3] = ["postgres", "redis", "pgbouncer"];
/// Every setting there is.
const KNOWN: &str = include_str!("../../../../.env.example");

/// Looks at the files, as Compose would read them on this machine.
pub(super) fn look(file: &Path, overlays: &[PathBuf]) -> Result<Vec<Finding>, Failure> {
    let mut variables = Variables::of(file);
    let mut whole = load(file, &mut variables)?;
    for overlay in overlays {
        merge(&mut whole, load(overlay, &mut variables)?);
    }
    let services = whole.get("services").and_then(Value::as_mapping).cloned().unwrap_or_default();
    if services.is_empty() {
        return Err(Failure::usage(format!("`{}` names no services", file.display())).hint("is it a compose file?"));
    }
    let services: BTreeMap<String, Service> = services
        .into_iter()
        .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), Service(value.as_mapping()?.clone()))))
        .collect();
    let each = |id: &str, good: &str, fix: &str, check: &dyn Fn(&str, &Service) -> Vec<String>| {
        let found: Vec<String> = services
            .iter()
            .filter(|(_, service)| !service.accepts(id))
            .flat_map(|(name, service)| {
                check(name, service).into_iter().map(move |problem| format!("{name} {problem}"))
            })
            .collect();
        if found.is_empty() { Finding::ok(id, good) } else { Finding::critical(id, found.join("; "), fix) }
    };
    let mut findings = vec![
        each(
            "compose.ports",
            "only the gateway, n8n and a proxy are published",
            "publish on 127.0.0.1, or not at all",
            &ports,
        ),
        each(
            "compose.networks",
            "databases stand on internal networks alone",
            "leave them off every network that has published ports or a way out",
            &networks,
        ),
        each("compose.secrets", "secrets come as files", "put the secret into a file and set NAME_FILE", &in_the_open),
        each("compose.examples", "no value is an example", "replace it, or let `quantapilot init` make one", &examples),
        each(
            "compose.hardening",
            "no container has more than it needs",
            "read_only: true, cap_drop: [ALL], security_opt: [no-new-privileges:true], a user that is not root, no socket of the engine",
            &hardening,
        ),
        each("compose.limits", "every container has limits", "set mem_limit and pids_limit", &limits),
        each(
            "compose.healthchecks",
            "every container that stays says whether it is well",
            "add a healthcheck",
            &healthcheck,
        ),
        each("compose.images", "every image is of a fixed version", "name a version, never `latest`", &image),
    ];
    findings.push(variables.finding());
    findings.extend(settings_of(&services));
    Ok(findings)
}

struct Service(Mapping);

impl Service {
    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Whether the file itself says why this rule is broken: `x-accepted: { healthchecks: "the reason" }`.
    fn accepts(&self, id: &str) -> bool {
        let rule = id.strip_prefix("compose.").unwrap_or(id);
        self.get("x-accepted").and_then(|accepted| accepted.get(rule)).map(text).is_some_and(|why| !why.is_empty())
    }

    fn text(&self, key: &str) -> String {
        self.get(key).map(text).unwrap_or_default()
    }

    fn list(&self, key: &str) -> Vec<Value> {
        self.get(key).and_then(Value::as_sequence).cloned().unwrap_or_default()
    }

    /// One-shots are there and gone.
    fn stays(&self) -> bool {
        self.text("restart") != "no"
    }

    /// Names and values; a name without a value is passed on from outside and is not ours to judge.
    fn environment(&self) -> BTreeMap<String, String> {
        match self.get("environment") {
            Some(Value::Mapping(map)) => map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            Some(Value::Sequence(list)) => list
                .iter()
                .filter_map(|line| text(line).split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    fn networks(&self) -> Vec<String> {
        match self.get("networks") {
            Some(Value::Sequence(list)) => list.iter().map(text).collect(),
            Some(Value::Mapping(map)) => map.keys().map(text).collect(),
            _ => Vec::new(),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        _ => String::new(),
    }
}

/// What Compose fills in: the environment, and the file `.env` beside the compose file.
struct Variables {
    given: BTreeMap<String, String>,
    /// Names that a file insists on and nobody gave, with what it says of them.
    missing: BTreeMap<String, String>,
}

impl Variables {
    /// Any variable may stand in a compose file, not only settings of ours.
    fn of(file: &Path) -> Self {
        let beside = std::fs::read_to_string(file.with_file_name(".env")).unwrap_or_default();
        let lines = beside.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let mut given: BTreeMap<String, String> = lines
            .filter_map(|line| line.trim_start_matches("export ").split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()))
            .collect();
        given.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Self { given, missing: BTreeMap::new() }
    }

    /// Everything in it, filled in.
    fn fill(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.fill_in(text),
            Value::Sequence(list) => list.iter_mut().for_each(|one| self.fill(one)),
            Value::Mapping(map) => map.values_mut().for_each(|one| self.fill(one)),
            Value::Tagged(tagged) => self.fill(&mut tagged.value),
            _ => {}
        }
    }

    /// `${NAME}`, `${NAME:-default}` and `${NAME:?reason}`; `$$` is a dollar. With the colon, empty is as good as not given.
    fn fill_in(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                filled.push('$');
                rest = after;
            } else if let Some((inside, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                filled.push_str(&self.value_of(inside));
                rest = after;
            }
        }
        filled.push_str(rest);
        filled
    }

    fn value_of(&mut self, inside: &str) -> String {
        let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inside.len());
        let (name, rest) = inside.split_at(end);
        let (rest, may_be_empty) = rest.strip_prefix(':').map_or((rest, true), |rest| (rest, false));
        match self.given.get(name).filter(|value| may_be_empty || !value.is_empty()) {
            Some(value) => value.clone(),
            None if rest.starts_with('?') => {
                self.missing.insert(name.to_owned(), rest[1..].to_owned());
                String::new()
            }
            None => rest.strip_prefix('-').unwrap_or_default().to_owned(),
        }
    }

    fn finding(&self) -> Finding {
        if self.missing.is_empty() {
            return Finding::ok("compose.variables", "every variable that the files insist on is set");
        }
        let missing: Vec<String> = self.missing.iter().map(|(name, why)| format!("{name} is not set: {why}")).collect();
        Finding::critical(
            "compose.variables",
            missing.join("; "),
            "set it in the environment, or in a file `.env` beside the compose file",
        )
    }
}

fn load(file: &Path, variables: &mut Variables) -> Result<Value, Failure> {
    let content = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", file.display())))?;
    let mut value: Value = serde_yaml_ng::from_str(&content)
        .map_err(|error| Failure::new(format!("`{}` is not YAML: {error}", file.display())))?;
    // What is merged in may itself merge: once for each level.
    while value.as_mapping().is_some_and(|top| top.values().any(merges)) {
        value.apply_merge().map_err(|error| Failure::new(format!("`{}`: {error}", file.display())))?;
    }
    variables.fill(&mut value);
    let names: Vec<Value> =
        value.get("services").and_then(Value::as_mapping).into_iter().flat_map(Mapping::keys).cloned().collect();
    for name in names {
        extend(&mut value, &name, file, variables)?;
    }
    Ok(value)
}

/// Puts what a service extends beneath it. The file that it names is looked for from the folder of this one, and of the one above: Compose
/// takes overlays in a folder of their own from where the first file is.
fn extend(whole: &mut Value, name: &Value, file: &Path, variables: &mut Variables) -> Result<(), Failure> {
    // Taken out first: one that extends itself by a detour ends here.
    let Some(extends) = whole["services"][name].as_mapping_mut().and_then(|service| service.remove("extends")) else {
        return Ok(());
    };
    let from = extends.get("service").cloned().unwrap_or_else(|| extends.clone());
    let mut base = match extends.get("file").map(text) {
        None => {
            extend(whole, &from, file, variables)?;
            whole["services"].get(&from).cloned()
        }
        Some(other) => {
            let folder = file.parent().unwrap_or_else(|| Path::new("."));
            let beside = [folder.join(&other), folder.join("..").join(&other)].into_iter().find(|path| path.exists());
            let other = beside.ok_or_else(|| {
                Failure::new(format!("`{}`: there is no `{other}` that `{}` extends", file.display(), text(name)))
            })?;
            load(&other, variables)?["services"].get(&from).cloned()
        }
    }
    .ok_or_else(|| {
        Failure::new(format!("`{}`: there is no `{}` that `{}` extends", file.display(), text(&from), text(name)))
    })?;
    let service = &mut whole["services"][name];
    merge(&mut base, std::mem::replace(service, Value::Null));
    *service = base;
    Ok(())
}

/// Whether a merge key is left anywhere in it.
fn merges(value: &Value) -> bool {
    match value {
        Value::Mapping(map) => map.contains_key("<<") || map.values().any(merges),
        Value::Sequence(list) => list.iter().any(merges),
        Value::Tagged(tagged) => merges(&tagged.value),
        _ => false,
    }
}

/// As compose merges: mappings by key, lists one after the other, `!reset` removes and `!override` replaces.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (base, Value::Tagged(tagged)) if tagged.tag == "override" => *base = tagged.value,
        (base, Value::Tagged(tagged)) if tagged.tag == "reset" => *base = Value::Null,
        (Value::Mapping(base), Value::Mapping(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(there) => merge(there, value),
                    None => {
                        base.insert(key, untagged(value));
                    }
                }
            }
        }
        // `command` and the like are replaced; the lists that this looks at are added to.
        (Value::Sequence(base), Value::Sequence(over)) => base.extend(over),
        (base, over) => *base = untagged(over),
    }
}

fn untagged(value: Value) -> Value {
    match value {
        Value::Tagged(tagged) if tagged.tag == "reset" => Value::Null,
        Value::Tagged(tagged) => tagged.value,
        other => other,
    }
}

fn ports(name: &str, service: &Service) -> Vec<String> {
    let mut found = Vec::new();
    for port in service.list("ports") {
        let (address, published) = match &port {
            Value::Mapping(map) => {
                let part = |key: &str| map.get(key).map(text).unwrap_or_default();
                (part("host_ip"), part("published"))
            }
            other => {
                let line = text(other);
                let line = line.split('/').next().unwrap_or_default();
                let mut parts = line.rsplitn(3, ':').skip(1);
                let published = parts.next().unwrap_or_default().to_owned();
                (parts.next().unwrap_or_default().to_owned(), published)
            }
        };
        let local = address.starts_with("127.") || address == "[::1]" || address == "::1" || address == "localhost";
        if !local && !PUBLIC.contains(&name) && !PROXY_PORTS.contains(&published.as_str()) {
            found.push(format!("publishes {published} on every network"));
        }
    }
    if service.text("network_mode") == "host" {
        found.push("shares the machine's network".to_owned());
    }
    found
}

fn networks(name: &str, service: &Service) -> Vec<String> {
    if !PRIVATE.contains(&name) {
        return Vec::new();
    }
    let open: Vec<String> = service.networks().into_iter().filter(|network| network != "internal").collect();
    if open.is_empty() { Vec::new() } else { vec![format!("stands on {}", open.join(", "))] }
}

fn is_secret(name: &str) -> bool {
    let ends = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "PRIVATE_KEY",
        "ENCRYPTION_KEY",
        "PASSPHRASE",
        "PASSWORD_HASH",
    ];
    ends.iter().any(|end| name.ends_with(end))
}

fn in_the_open(_: &str, service: &Service) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in service.environment() {
        if is_secret(&name) && !value.is_empty() {
            found.push(format!("has {name} in the open"));
        }
        let password = value
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('@'))
            .and_then(|(user, _)| user.split_once(':'));
        if password.is_some_and(|(_, password)| !password.is_empty()) {
            found.push(format!("has a password in {name}"));
        }
    }
    found
}

fn examples(_: &str, service: &Service) -> Vec<String> {
    let weak = |(name, value): (String, String)| {
        let why = is_secret(&name).then(|| secrets::is_weak(&value)).flatten().filter(|_| !value.is_empty())?;
        Some(format!("has a value of {name} that {why}"))
    };
    service.environment().into_iter().filter_map(weak).collect()
}

fn hardening(_: &str, service: &Service) -> Vec<String> {
    let mut found = Vec::new();
    if service.text("privileged") == "true" {
        found.push("is privileged");
    }
    if service.text("read_only") != "true" {
        found.push("can write to its root file system");
    }
    if !service.list("cap_drop").iter().any(|capability| text(capability) == "ALL") {
        found.push("keeps capabilities");
    }
    if !service.list("security_opt").iter().any(|option| text(option).starts_with("no-new-privileges")) {
        found.push("may gain privileges");
    }
    let user = service.text("user");
    let root = user.is_empty() || user == "root" || user == "0" || user.starts_with("0:");
    // A one-shot without a network may be root for a moment, to hand files to their readers.
    if root && (service.stays() || service.text("network_mode") != "none") {
        found.push("runs as root");
    }
    if service.list("volumes").iter().any(|volume| text(volume).contains("docker.sock")) {
        found.push("holds the engine's socket");
    }
    if service.text("pid") == "host" {
        found.push("sees the machine's processes");
    }
    found.into_iter().map(str::to_owned).collect()
}

fn limits(_: &str, service: &Service) -> Vec<String> {
    let deployed =
        service.get("deploy").and_then(|deploy| deploy.get("resources")?.get("limits")).cloned().unwrap_or_default();
    let mut found = Vec::new();
    if service.text("mem_limit").is_empty() && deployed.get("memory").is_none() {
        found.push("may take all memory".to_owned());
    }
    if service.text("pids_limit").is_empty() && deployed.get("pids").is_none() {
        found.push("may start any number of processes".to_owned());
    }
    found
}

fn healthcheck(_: &str, service: &Service) -> Vec<String> {
    let missing = service.stays() && service.get("healthcheck").is_none_or(Value::is_null);
    if missing { vec!["has no healthcheck".to_owned()] } else { Vec::new() }
}

fn image(_: &str, service: &Service) -> Vec<String> {
    let image = service.text("image");
    // Our own are built from this very checkout.
    if image.is_empty() || image.starts_with("quantapilot/") || image.contains('@') {
        return Vec::new();
    }
    let tag = image.rsplit('/').next().unwrap_or_default().split_once(':').map(|(_, tag)| tag);
    match tag {
        None => vec![format!("takes any version of {image}")],
        Some("latest") => vec![format!("takes the latest {image}")],
        Some(_) => Vec::new(),
    }
}

/// Each of our services with the settings it is given there, as it would read them itself; and names that nothing reads.
fn settings_of(services: &BTreeMap<String, Service>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, parse) in settings::SERVICES {
        let Some(service) = services.get(name) else { continue };
        let environment = service.environment();
        let id = format!("compose.settings.{name}");
        let unknown: Vec<&str> = environment.keys().map(String::as_str).filter(|name| !is_known(name)).collect();
        let given = environment.clone();
        // The files are in the containers: a secret that comes from one is taken to be good.
        let lookup = move |name: &str| match given.get(name) {
            Some(_) if name.ends_with("_FILE") || name == "SECRETS_DIR" => None,
            Some(value) => Some(value.clone()),
            // Of a folder, what `init` makes is there.
            None => {
                let made = given.contains_key("SECRETS_DIR")
                    && crate::init::names().any(|made| made.eq_ignore_ascii_case(name));
                (made || given.contains_key(&format!("{name}_FILE"))).then(|| "b3f1c2d4e5a69788".repeat(4))
            }
        };
        findings.push(match parse(Reader::from_lookup(lookup)) {
            Err(error) => Finding::critical(id, error.to_string(), "set what it names under `environment:`"),
            Ok(()) if !unknown.is_empty() => Finding::warning(
                id,
                format!("nothing reads {}", unknown.join(", ")),
                "mend the name: .env.example lists every setting",
            ),
            Ok(()) => Finding::ok(id, format!("{} settings, all known and readable", environment.len())),
        });
    }
    findings
}

fn is_known(name: &str) -> bool {
    let listed = |name: &str| {
        KNOWN.lines().any(|line| line.trim_start_matches('#').split_once('=').is_some_and(|(known, _)| known == name))
    };
    listed(name)
        || name.strip_suffix("_FILE").is_some_and(listed)
        || name.starts_with("OTEL_")
        || name == "RUST_BACKTRACE"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_with_their_defaults() {
        let given = [("SET", "x"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut variables = Variables { given: given.into(), missing: BTreeMap::new() };
        assert_eq!(variables.fill_in("${A:-0.0.0.0}:${B:-3000}:3000"), "0.0.0.0:3000:3000");
        assert_eq!(variables.fill_in("$$(cat x) ${C} ${D-}"), "$(cat x)  ");
        assert_eq!(variables.fill_in("${SET:?needed}${EMPTY:-full}${EMPTY-full}"), "xfull");
        assert_eq!(variables.finding().severity, ::doctor::Severity::Ok);
        assert_eq!(variables.fill_in("https://${DOMAIN:?the public name}/"), "https:///");
        assert!(variables.finding().detail.contains("DOMAIN is not set: the public name"));
    }

    #[test]
    fn what_a_service_extends_stands_beneath_it() {
        let home = tempfile::tempdir().unwrap();
        let (base, over) = (home.path().join("base.yml"), home.path().join("over.yml"));
        std::fs::write(&base, "services: {a: {user: '1', read_only: true, command: [x]}}").unwrap();
        std::fs::write(&over, "services: {c: {extends: b}, b: {extends: {file: base.yml, service: a}, user: '2'}}")
            .unwrap();
        let mut variables = Variables { given: BTreeMap::new(), missing: BTreeMap::new() };
        let whole = load(&over, &mut variables).unwrap();
        for name in ["b", "c"] {
            assert_eq!(
                (&whole["services"][name]["user"], &whole["services"][name]["read_only"]),
                (&Value::from("2"), &Value::from(true))
            );
        }
        std::fs::write(&over, "services: {b: {extends: {file: base.yml, service: z}}}").unwrap();
        assert!(
            load(&over, &mut variables)
                .is_err_and(|failure| failure.message().contains("there is no `z` that `b` extends"))
        );
    }

    #[test]
    fn overlays_add_replace_and_remove() {
        let mut base: Value =
            serde_yaml_ng::from_str("services: {a: {ports: ['1:1'], user: '1'}, b: {ports: ['2:2']}}").unwrap();
        let over = "services: {a: {ports: ['3:3'], user: '2'}, b: {ports: !reset []}, c: {ports: !override ['4:4']}}";
        merge(&mut base, serde_yaml_ng::from_str(over).unwrap());
        let expected = "services: {a: {ports: ['1:1', '3:3'], user: '2'}, b: {ports: null}, c: {ports: ['4:4']}}";
        let expected: Value = serde_yaml_ng::from_str(expected).unwrap();
        assert_eq!(base["services"]["a"], expected["services"]["a"]);
        assert!(base["services"]["b"]["ports"].is_null());
    }
}
