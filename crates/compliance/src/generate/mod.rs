//! Documents, agent rules and checks for a new project, from templates that an installation can replace.

use std::collections::BTreeMap;

use handlebars::Handlebars;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    config::ProjectType,
    requirements::Requirement,
    stack::{Detected, Kind},
};

pub mod apply;
mod commands;
mod templates;

pub use apply::{Change, Outcome, Record, apply};
pub use templates::Templates;

/// What the templates are filled with besides the stack.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectInfo {
    pub name: String,
    /// One or two sentences.
    pub summary: String,
    pub project_type: Option<ProjectType>,
    /// SPDX name, such as `MIT`.
    pub license: Option<String>,
    /// Who holds the copyright.
    pub owner: Option<String>,
    pub build_command: Option<String>,
    pub test_command: Option<String>,
    pub run_command: Option<String>,
    /// Names that the build file at the root defines (npm scripts, make targets); nothing when there is no such file.
    pub scripts: Option<Vec<String>>,
    /// The architect's description, Markdown without a title.
    pub architecture: Option<String>,
    pub requirements: Vec<Requirement>,
    /// Day of generation, `YYYY-MM-DD`, for decision records.
    pub date: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedFile {
    pub path: String,
    pub content: String,
}

/// Everything a project of this stack gets, from the built-in templates.
pub fn documents(stack: &[Detected], project: &ProjectInfo) -> Vec<GeneratedFile> {
    documents_with(&Templates::default(), stack, project)
        .expect("the built-in templates are right: a test renders them all")
}

/// The same from given templates; the error names the template and what is wrong in it.
pub fn documents_with(
    templates: &Templates,
    stack: &[Detected],
    project: &ProjectInfo,
) -> Result<Vec<GeneratedFile>, String> {
    let mut engine = Handlebars::new();
    engine.register_escape_fn(handlebars::no_escape);
    engine.set_strict_mode(true);
    let context = context(stack, project);
    let mut files = Vec::new();
    let kind = project.project_type.unwrap_or(ProjectType::Other);
    for (name, path) in wanted(stack, kind, project) {
        let text = templates.get(name).ok_or_else(|| format!("there is no template `{name}`"))?;
        let mut context = context.clone();
        context["rule"] = name.strip_prefix("language-").map_or(Value::Null, |language| json!(language));
        let filled = engine.render_template(text, &context).map_err(|error| format!("template `{name}`: {error}"))?;
        files.push(GeneratedFile { path, content: tidy(&filled) });
    }
    Ok(files)
}

/// A git hook that checks the documents of what is about to be committed.
pub fn pre_commit_hook() -> String {
    templates::PRE_COMMIT.to_owned()
}

/// A GitHub Actions workflow that checks documents on every pull request.
pub fn ci_workflow() -> String {
    templates::WORKFLOW.to_owned()
}

fn language(stack: &[Detected]) -> Option<&str> {
    stack
        .iter()
        .filter(|each| each.kind == Kind::Language)
        .max_by(|a, b| a.confidence.total_cmp(&b.confidence))
        .map(|each| each.name.as_str())
}

fn wanted(stack: &[Detected], kind: ProjectType, project: &ProjectInfo) -> Vec<(&'static str, String)> {
    let mut files = vec![
        ("agents", "AGENTS.md".to_owned()),
        ("rule-project", ".cursor/rules/project.mdc".to_owned()),
        ("rule-documents", ".cursor/rules/documents.mdc".to_owned()),
        ("rule-tests", ".cursor/rules/tests.mdc".to_owned()),
        ("contributing", "CONTRIBUTING.md".to_owned()),
        ("changelog", "CHANGELOG.md".to_owned()),
        ("docs-index", "docs/README.md".to_owned()),
        ("architecture", "docs/ARCHITECTURE.md".to_owned()),
        ("configuration", "docs/CONFIGURATION.md".to_owned()),
        ("decision", "docs/adr/0001-record-decisions.md".to_owned()),
        ("settings", "compliance.toml".to_owned()),
    ];
    let mut languages: Vec<&'static str> = stack
        .iter()
        .filter(|each| each.kind == Kind::Language && each.confidence >= 0.3)
        .filter_map(|each| commands::rule_name(&each.name))
        .collect();
    languages.dedup();
    for language in languages {
        files.push((language, format!(".cursor/rules/{}.mdc", language.trim_start_matches("language-"))));
    }
    match kind {
        ProjectType::WebApi => files.push(("api", "docs/API.md".to_owned())),
        ProjectType::Cli => files.push(("usage", "docs/USAGE.md".to_owned())),
        _ => {}
    }
    if !project.requirements.is_empty() {
        files.push(("requirements", "docs/REQUIREMENTS.md".to_owned()));
    }
    if project.license.is_some() {
        files.push(("license", "LICENSE".to_owned()));
    }
    files.sort_by(|a, b| a.1.cmp(&b.1));
    files.dedup_by(|a, b| a.1 == b.1);
    files
}

fn context(stack: &[Detected], project: &ProjectInfo) -> Value {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for each in stack.iter().filter(|each| each.confidence >= 0.3) {
        let group = match each.kind {
            Kind::Language => "languages",
            Kind::Framework | Kind::Frontend => "frameworks",
            Kind::Database => "databases",
            Kind::TestFramework => "test_frameworks",
            Kind::Ci => "ci",
            Kind::Container => "containers",
            Kind::Cli | Kind::PackageManager | Kind::Monorepo => "tools",
        };
        groups.entry(group).or_default().push(&each.name);
    }
    let commands = commands::of(language(stack), stack, project.scripts.as_deref());
    let list = |group: &str| groups.get(group).map(|names| names.join(", ")).filter(|names| !names.is_empty());
    let or = |given: &Option<String>, usual: Option<&str>| {
        given.clone().filter(|given| !given.trim().is_empty()).or_else(|| usual.map(str::to_owned))
    };
    let kind = project.project_type.unwrap_or(ProjectType::Other);
    let license = project.license.clone().unwrap_or_default();
    json!({
        "name": if project.name.trim().is_empty() { "Project" } else { project.name.trim() },
        "summary": if project.summary.trim().is_empty() { "The README says what this project is for." } else { project.summary.trim() },
        "project_type": kind.name(),
        "is_cli": kind == ProjectType::Cli,
        "is_web_api": kind == ProjectType::WebApi,
        "languages": list("languages"),
        "frameworks": list("frameworks"),
        "databases": list("databases"),
        "test_frameworks": list("test_frameworks"),
        "ci": list("ci"),
        "containers": list("containers"),
        "setup_command": commands.setup,
        "build_command": or(&project.build_command, commands.build),
        "test_command": or(&project.test_command, commands.test),
        "lint_command": commands.lint,
        "run_command": or(&project.run_command, commands.run),
        "architecture": project.architecture.as_deref().map(str::trim).filter(|text| !text.is_empty()),
        "requirements": project.requirements,
        "license": license,
        "is_mit": license.eq_ignore_ascii_case("MIT"),
        "owner": project.owner.as_deref().unwrap_or("The authors"),
        "year": project.date.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit())),
        "date": if project.date.is_empty() { "2025-01-01" } else { project.date.as_str() },
        "rule": Value::Null,
    })
}

/// One blank line at most between blocks, one newline at the end: templates with left-out parts leave more.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim().lines() {
        let line = line.trim_end();
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 1 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}
