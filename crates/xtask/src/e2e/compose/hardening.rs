//! What `docker inspect` says of every container, and where the secrets are.

use std::process::Command;

use serde_json::Value;

use super::engine::{Compose, Container};
use crate::e2e::Facts;
use crate::shell::output;

/// May do more than nothing, and why.
const CAPABILITIES: [(&str, &[&str]); 1] = [
    // Hands each secret to the user of its reader; has no network, and ends.
    ("init", &["CHOWN", "DAC_OVERRIDE", "FOWNER"]),
];
/// Runs as root, with the rights above.
const ROOT: [&str; 1] = ["init"];
/// Published to everybody who reaches this machine.
const PUBLIC: [&str; 2] = ["api-gateway", "n8n"];
/// The largest image of a service, when it is built for release.
const IMAGE_LIMIT: u64 = 40 * 1024 * 1024;

/// Every container is as little as it can be.
pub(super) fn check(containers: &[Container], facts: &mut Facts) {
    for container in containers {
        let problems = problems(container);
        facts.check(&format!("{} has no more rights than it needs", container.service), problems.is_empty(), || {
            problems.join("; ")
        });
    }
    let mut published: Vec<&str> = containers
        .iter()
        .filter(|one| one.published().iter().any(|(_, public)| *public))
        .map(|one| one.service.as_str())
        .collect();
    published.sort_unstable();
    facts.check("only the gateway and n8n are published beyond this machine", published == PUBLIC, || {
        format!("{published:?}")
    });
}

fn problems(container: &Container) -> Vec<String> {
    let (service, host, config) =
        (container.service.as_str(), &container.facts["HostConfig"], &container.facts["Config"]);
    let mut problems = Vec::new();
    let mut expect = |holds: bool, problem: &str| {
        if !holds {
            problems.push(problem.to_owned());
        }
    };
    expect(host["ReadonlyRootfs"] == true, "its root file system can be written");
    expect(host["Privileged"] == false, "it is privileged");
    expect(list(&host["CapDrop"]) == ["ALL"], "it keeps capabilities");
    let allowed = CAPABILITIES.iter().find(|(name, _)| *name == service).map_or(&[][..], |(_, list)| *list);
    let added: Vec<&str> =
        list(&host["CapAdd"]).into_iter().map(|name| name.strip_prefix("CAP_").unwrap_or(name)).collect();
    expect(added == allowed, "it is given capabilities");
    expect(
        list(&host["SecurityOpt"]).iter().any(|option| option.starts_with("no-new-privileges")),
        "it may gain privileges",
    );
    expect(host["Memory"].as_i64().unwrap_or(0) > 0, "its memory has no limit");
    expect(host["PidsLimit"].as_i64().unwrap_or(0) > 0, "its processes have no limit");
    expect(host["PidMode"] == "" && host["IpcMode"] != "host", "it shares the host's processes or memory");
    expect(host["NetworkMode"] != "host", "it is in the host's network");
    let user = config["User"].as_str().unwrap_or_default();
    let is_root = user.is_empty() || user.starts_with("0:") || user == "0" || user.starts_with("root");
    expect(!is_root || ROOT.contains(&service), "it runs as root");
    expect(
        container.facts["Mounts"].as_array().is_some_and(|mounts| {
            mounts.iter().all(|mount| {
                let source = mount["Source"].as_str().unwrap_or_default();
                !source.ends_with("docker.sock") && (mount["Type"] != "bind" || mount["RW"] == false)
            })
        }),
        "it can write to a folder of the host, or reaches the engine",
    );
    if !container.runs_once() {
        expect(host["RestartPolicy"]["Name"] == "unless-stopped", "it is not started again when it dies");
        expect(config["Healthcheck"]["Test"].is_array(), "nothing looks at its health");
        expect(host["LogConfig"]["Config"]["max-size"].is_string(), "its log can fill the disk");
    }
    problems
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Images of services are small; those of a debug build, without symbols, are not what is shipped.
pub(super) fn image_sizes(built_for_release: bool, facts: &mut Facts) -> anyhow::Result<()> {
    if !built_for_release {
        return Ok(());
    }
    for service in ["api-gateway", "cursor-integration", "dashboard-backend", "github-integration", "notification"] {
        let image = format!("quantapilot/{service}:e2e");
        let size = output(Command::new("docker").args(["image", "inspect", "--format", "{{.Size}}", &image]))?;
        let size: u64 = size.trim().parse()?;
        facts.check(&format!("the image of {service} is under 40 MiB"), size < IMAGE_LIMIT, || format!("{size} bytes"));
    }
    Ok(())
}

/// The files on the volume: `path`, `uid:gid mode`, and the text.
pub(super) struct Secret {
    pub(super) path: String,
    facts: String,
    pub(super) text: String,
}

/// Reads the volume as root, beside the project.
pub(super) fn secrets(compose: &Compose) -> anyhow::Result<Vec<Secret>> {
    let script = r#"cd /secrets && find . -type f | sort | while read -r file; do printf '%s\t%s\t%s\n' "$file" "$(stat -c '%u:%g %a' "$file")" "$(cat "$file")"; done"#;
    let text = output(&mut beside(compose, "0:0", script)?)?;
    Ok(text
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, '\t');
            let part = |text: Option<&str>| text.map(str::to_owned);
            Some(Secret { path: part(parts.next())?, facts: part(parts.next())?, text: part(parts.next())? })
        })
        .collect())
}

/// A shell as some user, with the volume and nothing else.
fn beside(compose: &Compose, user: &str, script: &str) -> anyhow::Result<Command> {
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "--network", "none", "--user", user, "--entrypoint", "bash"]);
    command.args(["--volume", &format!("{}_secrets:/secrets:ro", Compose::PROJECT)]);
    command.arg(compose.image_with_shell()?).args(["-c", script]);
    Ok(command)
}

/// Secrets are closed, and stand nowhere but in their files.
pub(super) fn check_secrets(
    compose: &Compose,
    containers: &[Container],
    secrets: &[Secret],
    facts: &mut Facts,
) -> anyhow::Result<()> {
    facts.check("init made the secrets, and n8n gave an API key", secrets.len() >= 18, || {
        secrets.iter().map(|secret| secret.path.as_str()).collect::<Vec<_>>().join(", ")
    });
    let open: Vec<&str> = secrets.iter().filter(|one| !one.facts.ends_with('0')).map(|one| one.path.as_str()).collect();
    facts.check("no secret can be read by others", open.is_empty(), || open.join(", "));
    // notification's user, in the group of the services.
    let theirs = "/secrets/github_integration_database_password";
    let refused = output(&mut beside(compose, "10004:10000", &format!("cat {theirs} >/dev/null"))?).is_err();
    facts.check("a service cannot read the password of another", refused, String::new);
    let own = output(&mut beside(compose, "10004:10000", "cat /secrets/notification_database_password >/dev/null")?);
    facts.check("a service reads its own password", own.is_ok(), || format!("{own:?}"));

    let mut seen = compose.output(&["logs", "--no-color"])?;
    for container in containers {
        seen.push_str(&container.facts.to_string());
        let image = container.facts["Image"].as_str().unwrap_or_default();
        seen.push_str(&output(Command::new("docker").args(["image", "inspect", image]))?);
        seen.push_str(&output(Command::new("docker").args(["history", "--no-trunc", image]))?);
    }
    let told: Vec<&str> = secrets
        .iter()
        .filter(|secret| secret.text.len() >= 16 && seen.contains(&secret.text))
        .map(|secret| secret.path.as_str())
        .collect();
    facts.check(
        "no secret stands in a log or in what the engine tells of containers and images",
        told.is_empty(),
        || told.join(", "),
    );
    Ok(())
}

/// The same names with the same texts and readers; n8n's key may be another.
pub(super) fn unchanged(before: &[Secret], after: &[Secret]) -> bool {
    let comparable = |secrets: &[Secret]| -> Vec<(String, String, String)> {
        let all = secrets.iter().map(|one| (one.path.clone(), one.facts.clone(), one.text.clone()));
        all.filter(|(path, ..)| !path.starts_with("./n8n/")).collect()
    };
    comparable(before) == comparable(after)
}
