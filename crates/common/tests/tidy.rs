//! Rules of the whole repository, as tests.
#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test stops where it fails and need not be fast"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Files under `dir` that end in one of `endings`, builds and installed packages left out.
fn files(dir: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap_or_default());
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | "node_modules" | "dist" | ".git" | ".quantapilot")
                && !name.starts_with("target-")
            {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The table that each owner's SQL may name: read from the migrations, whose file names say the owner.
fn owners() -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for file in files(&root().join("migrations"), &[".sql"]) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let owner = name.split('_').nth(1).unwrap_or_default().to_owned();
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let Some(rest) = line.trim_start().strip_prefix("CREATE TABLE ") else { continue };
            let table = rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(']).next().unwrap_or_default();
            owners.insert(table.to_owned(), owner.clone());
        }
    }
    owners
}

fn folder_of(owner: &str) -> &'static str {
    match owner {
        "common" => "crates/common/src",
        "dashboard" => "services/dashboard-backend/src/store",
        "cursor" => "services/cursor-integration/src/store",
        "github" => "services/github-integration/src/store",
        "notification" => "services/notification/src/store",
        other => panic!("a migration of an unknown owner `{other}`"),
    }
}

#[test]
fn sql_names_a_table_only_in_its_owners_store() {
    let owners = owners();
    assert!(owners.len() > 15, "the migrations were read: {owners:?}");
    let mut wrong = Vec::new();
    for file in
        files(&root().join("services"), &[".rs"]).into_iter().chain(files(&root().join("crates/common/src"), &[".rs"]))
    {
        let relative = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if relative.contains("/tests/") || relative.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        // Unit tests stand at the end of their file.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let words: Vec<&str> =
            code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let table = pair[1];
            if matches!(pair[0], "FROM" | "INTO" | "UPDATE" | "JOIN")
                && let Some(owner) = owners.get(table)
                && !relative.starts_with(folder_of(owner))
            {
                wrong.push(format!("{relative}: `{table}` belongs to {owner}"));
            }
        }
    }
    assert!(wrong.is_empty(), "only the owner's store/ names a table:\n{}", wrong.join("\n"));
}

/// Where settings are read, and what each place is called in `.env.example`.
const SETTINGS: [(&str, &str); 8] = [
    ("crates/common/src/config.rs", "Every service"),
    ("crates/common/src/telemetry/settings.rs", "Logs and traces of every service"),
    ("services/api-gateway/src/config.rs", "api-gateway"),
    ("services/dashboard-backend/src/config.rs", "dashboard-backend"),
    ("services/cursor-integration/src/config.rs", "cursor-integration"),
    ("services/github-integration/src/config.rs", "github-integration"),
    ("services/notification/src/config.rs", "notification"),
    ("docker-compose.yml", "docker compose"),
];

const HEAD: &str = "# Every setting of QuantaPilot, made from the documentation of the code: `UPDATE_ENV_EXAMPLE=1 cargo test -p common --test tidy` writes it anew.\n# A line that is commented out shows a setting whose default will do, or that is off. Every secret NAME may come from a file instead: NAME_FILE=/path.\n";

/// The comments of `config.rs` files, as the example file: each documented setting once.
fn rendered_example() -> String {
    let mut text = HEAD.to_owned();
    let mut seen = BTreeSet::new();
    for (file, title) in SETTINGS {
        text.push_str(&format!("\n# ── {title} ──\n"));
        let source = std::fs::read_to_string(root().join(file)).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let mut comment = String::new();
        for line in code.lines().map(str::trim) {
            let comment_of_yaml = || line.strip_prefix("# ").filter(|_| is_yaml(file));
            if let Some(more) = line.strip_prefix("/// ").or_else(|| line.strip_prefix("// ")).or_else(comment_of_yaml)
            {
                comment.push_str(more);
                comment.push(' ');
                continue;
            }
            let names = variables_at_the_start(&comment);
            if !names.is_empty() && names.iter().any(|name| seen.insert(name.clone())) {
                text.push_str(&format!("\n# {}\n", comment.trim()));
                for name in names {
                    text.push_str(&format!("#{name}=\n"));
                }
            }
            comment.clear();
        }
    }
    text
}

/// "`A`, `B` (default …): …" speaks of A and B.
fn variables_at_the_start(comment: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = comment;
    while let Some((name, after)) = rest.strip_prefix('`').and_then(|text| text.split_once('`')) {
        let capitals =
            name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !capitals {
            break;
        }
        names.push(name.to_owned());
        rest = after.trim_start_matches([',', ' ']).trim_start_matches("and ").trim_start_matches("with ");
    }
    names
}

/// Names that code asks the configuration reader for.
/// Whether a file is YAML, by its ending.
fn is_yaml(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|ending| ending == "yml")
}

fn variables_read() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (file, _) in SETTINGS {
        let source = std::fs::read_to_string(root().join(file)).unwrap();
        if is_yaml(file) {
            found.extend(
                source.split("${").skip(1).filter_map(|rest| rest.split([':', '-', '}']).next()).map(str::to_owned),
            );
            continue;
        }
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
        for text in code.split('"').skip(1).step_by(2) {
            if text.len() > 2
                && text.contains('_')
                && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            {
                found.insert(text.to_owned());
            }
        }
    }
    found
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch that writes the file instead of comparing it")]
fn the_example_lists_every_setting() {
    let (path, rendered) = (root().join(".env.example"), rendered_example());
    if std::env::var("UPDATE_ENV_EXAMPLE").is_ok() {
        std::fs::write(&path, &rendered).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        rendered,
        ".env.example is old: UPDATE_ENV_EXAMPLE=1 cargo test -p common --test tidy"
    );
    let listed: BTreeSet<&str> =
        rendered.lines().filter_map(|line| line.strip_prefix('#')?.strip_suffix('=')).collect();
    let undocumented: Vec<_> = variables_read()
        .into_iter()
        .filter(|name| !listed.contains(name.as_str()) && !name.ends_with("_FILE") && !name.starts_with("CARGO_"))
        .collect();
    assert!(
        undocumented.is_empty(),
        "these are read but not documented where they are read (`/// `NAME` …`): {undocumented:?}"
    );
}

/// Settings that the compose file sets by itself, or that make no sense in a container.
const NOT_PASSED_ON: [&str; 10] = [
    "BIND",
    // Each service has its own.
    "OTEL_SERVICE_NAME",
    "N8N_API_KEY",
    "N8N_INBOUND_TOKEN",
    "API_GATEWAY_URL",
    "CURSOR_INTEGRATION_URL",
    "GITHUB_INTEGRATION_URL",
    "NOTIFICATION_URL",
    "DASHBOARD_BACKEND_URL",
    "SANDBOX_SMTP_URL",
];

#[test]
fn every_setting_reaches_its_container() {
    let compose = std::fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let set: BTreeSet<&str> =
        compose.lines().filter_map(|line| line.trim_start().split_once(':')).map(|(name, _)| name).collect();
    let lost: Vec<String> = variables_read()
        .into_iter()
        .filter(|name| !NOT_PASSED_ON.contains(&name.as_str()) && !name.starts_with("CARGO_"))
        .filter(|name| !set.contains(name.as_str()) && !set.contains(format!("{name}_FILE").as_str()))
        .filter(|name| !compose.contains(&format!("${{{name}")))
        .collect();
    assert!(lost.is_empty(), "docker-compose.yml does not pass these on: {lost:?}");
}

#[test]
fn migrations_have_distinct_versions_and_known_owners() {
    let mut versions = BTreeSet::new();
    for file in files(&root().join("migrations"), &[".sql"]) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let mut parts = name.splitn(3, '_');
        assert!(versions.insert(parts.next().unwrap().to_owned()), "{name}: the version is taken");
        folder_of(parts.next().unwrap());
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for file in files(&root().join("docs"), &[".md"]).into_iter().chain([root().join("README.md")]) {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut fenced = false;
        let prose: String = text
            .lines()
            .filter(|line| {
                let fence = line.trim_start().starts_with("```");
                fenced ^= fence;
                !fenced && !fence
            })
            .map(|line| format!("{line}\n"))
            .collect();
        for (at, _) in prose.match_indices("](") {
            let target = prose[at + 2..].split([')', '#', ' ']).next().unwrap_or_default();
            let inside_code = prose[..at].rsplit('\n').next().unwrap_or_default().matches('`').count() % 2 == 1;
            if inside_code || target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !file.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}
