//! The check: one pass over the files, in parallel, then the rules that need to know everything.

use std::borrow::Cow;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::prelude::*;

use crate::{
    code::{self, Language, openapi},
    config::Config,
    manifest,
    markdown::{self, Page},
    project::{Collected, Example, Index, Project, is_sample},
    report::{Finding, Report, Severity},
    rule::{Check, Rule, Sink},
    rules, stack,
    text::{paths, tokens},
    tree::{Entry, Kind, Tree},
    waivers::{self, Waiver},
};

/// Folders that hold other people's or generated files, at any depth.
const FOREIGN: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "third-party",
    "target",
    "dist",
    ".git",
    ".venv",
    "venv",
    "site-packages",
    "bower_components",
    "__pycache__",
    ".tox",
    ".next",
    ".nuxt",
    "Pods",
    ".cargo",
    "_build",
    ".svelte-kit",
    "coverage",
    ".yarn",
];

/// Checks a tree. The same tree, configuration and day give the same report.
pub fn check(tree: &dyn Tree, config: &Config) -> Report {
    let entries = tree.entries();
    let index = Index::new(&entries);
    let excluded = globs(&config.exclude);
    let skipped = |path: &str| is_foreign(path) || excluded.is_match(path);
    let checked: Vec<&Entry> = entries.iter().filter(|entry| !skipped(&entry.path)).collect();

    let page_rules: Vec<(&'static Rule, Severity)> = enabled(config, |check| matches!(check, Check::Page(_)));
    let (mut facts, mut findings) = checked
        .par_iter()
        .with_min_len(8)
        .fold(
            || (Collected::default(), Vec::new()),
            |(mut facts, mut findings), entry| {
                read(tree, entry, config, &page_rules, &mut facts, &mut findings);
                (facts, findings)
            },
        )
        .reduce(
            || (Collected::default(), Vec::new()),
            |(a, mut x), (b, mut y)| {
                x.append(&mut y);
                (a.merge(b), x)
            },
        );
    facts.sort();
    let files = checked.len();
    let documents = facts.documents.len() + facts.plain_documents.len();

    let detected = stack::from_facts(&index, &facts);
    let kind = config.project_type.unwrap_or_else(|| stack::project_type(&index, &facts, &detected));
    let waiver_text = tree_file(tree, &index, waivers::FILE);
    let places = facts.documents.iter().zip(0..).map(|(document, at)| (document.path.clone(), at)).collect();
    let builders = index.builders();
    let project = Project { tree, config, index, entries, facts, places, builders, stack: detected, kind };
    let project_rules: Vec<(&'static Rule, Severity)> = enabled(config, |check| matches!(check, Check::Project(_)));
    let found: Vec<Vec<Finding>> = project_rules
        .into_par_iter()
        .with_max_len(1)
        .map(|(rule, severity)| {
            let mut findings = Vec::new();
            if let Check::Project(look) = rule.check {
                look(&project, &mut Sink { rule, severity, config, findings: &mut findings });
            }
            findings
        })
        .collect();
    findings.extend(found.into_iter().flatten());

    let mut report = Report::default();
    findings.retain(|finding| finding.path.is_empty() || !skipped(&finding.path));
    let waivers = match (&config.waivers, waiver_text) {
        (Some(waivers), _) => waivers.clone(),
        (None, Some(text)) => match waivers::parse(&text) {
            Ok(waivers) => waivers,
            Err(problems) => {
                for problem in problems.0 {
                    let line = u32::try_from(problem.line).unwrap_or(1);
                    engine_finding(config, "waiver-invalid", waivers::FILE, line, problem.message, &mut findings);
                }
                Vec::new()
            }
        },
        (None, None) => Vec::new(),
    };
    waive(config, &waivers, findings, &mut report);
    if let Some(baseline) = &config.baseline {
        report.settle();
        report.summary.baselined = baseline.subtract(&mut report.findings);
    }
    report.summary.files = files;
    report.summary.documents = documents;
    report.settle();
    report
}

/// What the project is, by the same facts that the check uses.
pub(crate) fn kind(tree: &dyn Tree, config: &Config) -> crate::config::ProjectType {
    let entries = tree.entries();
    let index = Index::new(&entries);
    let mut facts = Collected::default();
    for entry in entries.iter().filter(|entry| !is_foreign(&entry.path)) {
        read(tree, entry, config, &[], &mut facts, &mut Vec::new());
    }
    let detected = stack::from_facts(&index, &facts);
    stack::project_type(&index, &facts, &detected)
}

/// Rules that hold documents against code, and that a tree has the code for. In a tree without it they are silent, whatever the
/// documents promise.
pub fn armed(tree: &dyn Tree, config: &Config) -> Vec<&'static str> {
    let entries = tree.entries();
    let mut facts = Collected::default();
    for entry in entries.iter().filter(|entry| !is_foreign(&entry.path)) {
        read(tree, entry, config, &[], &mut facts, &mut Vec::new());
    }
    let any = |found: fn(&code::Facts) -> bool| facts.code.iter().any(|(_, facts)| found(facts));
    let has = [
        ("route-unknown", any(|code| !code.routes.is_empty())),
        ("flag-unknown", any(|code| !code.flags.is_empty())),
        ("variable-unknown", any(|code| !code.variables.is_empty() || !code.keys.is_empty())),
        ("key-unknown", any(|code| !code.keys.is_empty())),
        ("fence-command-missing", !facts.manifests.is_empty()),
        ("fence-file-missing", entries.iter().any(|entry| Language::of(&paths::extension(&entry.path)).is_some())),
    ];
    has.into_iter().filter(|(_, has)| *has).map(|(rule, _)| rule).collect()
}

/// Rules that are silent until there is code of some kind: see [`armed`].
pub const NEED_CODE: [&str; 6] =
    ["route-unknown", "flag-unknown", "variable-unknown", "key-unknown", "fence-command-missing", "fence-file-missing"];

/// Whether the check reads the content of a file with this path; of all others only the name counts. Who brings a tree from
/// far away can leave their content out.
pub fn reads(path: &str) -> bool {
    role(path) != Role::Ignored && !is_foreign(path)
}

pub(crate) fn is_foreign(path: &str) -> bool {
    paths::parent(path).split('/').any(|part| FOREIGN.contains(&part))
}

fn globs(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()) {
        set.add(glob);
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

fn enabled(config: &Config, wanted: impl Fn(&Check) -> bool) -> Vec<(&'static Rule, Severity)> {
    rules::all()
        .filter(|rule| wanted(&rule.check))
        .filter_map(|rule| config.severity(rule).map(|severity| (rule, severity)))
        .collect()
}

fn tree_file(tree: &dyn Tree, index: &Index, path: &str) -> Option<String> {
    index.is_file(path).then(|| tree.text(path)).flatten()
}

fn engine_finding(config: &Config, id: &str, path: &str, line: u32, message: String, findings: &mut Vec<Finding>) {
    let Some(rule) = rules::find(id) else { return };
    if let Some(severity) = config.severity(rule) {
        Sink { rule, severity, config, findings }.report(path, line, 1, message);
    }
}

fn waive(config: &Config, waivers: &[Waiver], findings: Vec<Finding>, report: &mut Report) {
    let matchers: Vec<_> =
        waivers.iter().map(|waiver| Glob::new(&waiver.path).ok().map(|glob| glob.compile_matcher())).collect();
    let mut used = vec![false; waivers.len()];
    let today = config.today.as_deref();
    for finding in findings {
        let found = waivers.iter().zip(&matchers).position(|(waiver, matcher)| {
            waiver.rule == finding.rule
                && !waiver.expired(today)
                && matcher
                    .as_ref()
                    .is_some_and(|matcher| matcher.is_match(&finding.path) || waiver.path == finding.path)
                && waiver.message.as_ref().is_none_or(|part| finding.message.contains(part))
        });
        match found {
            Some(at) => {
                used[at] = true;
                let waiver = &waivers[at];
                report.waived.push(crate::report::Waived {
                    finding,
                    reason: waiver.reason.clone(),
                    owner: waiver.owner.clone(),
                    expires: waiver.expires.clone(),
                });
            }
            None => report.findings.push(finding),
        }
    }
    for (waiver, used) in waivers.iter().zip(used) {
        let (id, message) = if waiver.expired(today) {
            let owner = &waiver.owner;
            (
                "waiver-expired",
                format!(
                    "the waiver of `{}` for `{}` ended on {} (owner: {owner})",
                    waiver.rule, waiver.path, waiver.expires
                ),
            )
        } else if !used {
            ("waiver-unused", format!("the waiver of `{}` for `{}` covers nothing any more", waiver.rule, waiver.path))
        } else {
            continue;
        };
        engine_finding(config, id, waivers::FILE, waiver.line.max(1), message, &mut report.findings);
    }
}

/// Reads one file, keeps its facts, and lets the rules over pages look at it while its text is here.
fn read(
    tree: &dyn Tree,
    entry: &Entry,
    config: &Config,
    page_rules: &[(&'static Rule, Severity)],
    facts: &mut Collected,
    findings: &mut Vec<Finding>,
) {
    let path = entry.path.as_str();
    if entry.kind != Kind::File || !paths::is_inside(path) {
        return;
    }
    let role = role(path);
    if role == Role::Ignored {
        return;
    }
    let is_document = matches!(role, Role::Markdown | Role::Plain);
    let too_large = |size: u64, findings: &mut Vec<Finding>| {
        if is_document {
            let limit = config.max_file_bytes;
            engine_finding(
                config,
                "file-too-large",
                path,
                1,
                format!("{size} bytes, more than the limit of {limit}: not checked"),
                findings,
            );
        }
    };
    if entry.size > config.max_file_bytes {
        return too_large(entry.size, findings);
    }
    let bytes = match tree.read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            if is_document {
                engine_finding(
                    config,
                    "file-unreadable",
                    path,
                    1,
                    format!("cannot be read: {}", error.kind()),
                    findings,
                );
            }
            return;
        }
    };
    if bytes.len() as u64 > config.max_file_bytes {
        return too_large(bytes.len() as u64, findings);
    }
    match role {
        Role::Markdown => {
            let text = text_of(&bytes);
            let whole = is_read_whole(path, config);
            let mut document = markdown::parse_with(path, &text, whole);
            if !is_sample(path) {
                let page = Page { document: &document, text: &text, bytes: &bytes };
                for (rule, severity) in page_rules {
                    if let Check::Page(look) = rule.check {
                        look(&page, &mut Sink { rule, severity: *severity, config, findings });
                    }
                }
            }
            words_of_document(path, &text, facts);
            document.shrink(whole);
            facts.documents.push(document);
        }
        Role::Plain => {
            let text = text_of(&bytes);
            words_of_document(path, &text, facts);
            facts.plain_documents.push((path.to_owned(), plain_headings(&text)));
            if text.len() <= KEPT {
                facts.texts.push((path.to_owned(), text.into_owned()));
            }
        }
        Role::Example => {
            let text = text_of(&bytes);
            tokens::collect(&bytes, &mut facts.document_words);
            for (line, number) in text.lines().zip(1..) {
                let line = line.trim_start_matches(['#', ' ']).trim_start_matches("export ");
                if let Some((name, _)) = line.split_once('=')
                    && code::is_variable(name.trim())
                {
                    facts.examples.push(Example { path: path.to_owned(), name: name.trim().to_owned(), line: number });
                }
            }
        }
        Role::OpenApi => {
            let text = text_of(&bytes);
            facts.api_routes.push((path.to_owned(), openapi::read(path, &text)));
            tokens::collect(&bytes, &mut facts.document_words);
        }
        Role::Code(language) => {
            tokens::collect(&bytes, &mut facts.code_words);
            let text = text_of(&bytes);
            let found = code::read(language, &text);
            if !found.is_empty() {
                facts.code.push((path.to_owned(), found));
            }
            facts.manifests.extend(manifest::read(path, &text));
        }
        Role::Other => {
            tokens::collect(&bytes, &mut facts.code_words);
            let text = text_of(&bytes);
            facts.manifests.extend(manifest::read(path, &text));
            let name = paths::name(path);
            if name.starts_with("application")
                && matches!(paths::extension(path).as_str(), "yml" | "yaml" | "properties")
            {
                let variables = code::patterns::placeholders(&text);
                facts.code.push((path.to_owned(), code::Facts { variables, ..code::Facts::default() }));
            }
            if is_kept(path) && text.len() <= KEPT {
                facts.texts.push((path.to_owned(), text.into_owned()));
            }
        }
        Role::Ignored => {}
    }
}

/// The text of a file, repaired where it is none. Most is text, and a look at that alone is several times quicker.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Documents whose sentences and lists rules look at after the pass: those at the root, records, agent rules.
fn is_read_whole(path: &str, config: &Config) -> bool {
    let folder = paths::parent(path);
    !path.contains('/')
        || paths::extension(path) == "mdc"
        || folder
            .split('/')
            .any(|part| matches!(part.to_ascii_lowercase().as_str(), "adr" | "adrs" | "decisions" | ".github"))
        || config.words.decision_folders.iter().any(|other| other.trim_end_matches('/') == folder)
}

/// Texts that rules read whole stay in memory, so they are small.
const KEPT: usize = 128 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Markdown,
    /// A document in another format.
    Plain,
    /// `.env.example` and the like.
    Example,
    OpenApi,
    Code(Language),
    /// Settings, build files, shell scripts: their words count, and some are read whole.
    Other,
    Ignored,
}

fn role(path: &str) -> Role {
    let name = paths::name(path).to_ascii_lowercase();
    let extension = paths::extension(path);
    if matches!(extension.as_str(), "md" | "markdown" | "mdown" | "mkd" | "mdx" | "mdc") {
        return Role::Markdown;
    }
    if matches!(
        name.as_str(),
        ".env.example" | ".env.sample" | ".env.template" | ".env.dist" | "env.example" | "example.env" | "sample.env"
    ) {
        return Role::Example;
    }
    if openapi::is_openapi(path) {
        return Role::OpenApi;
    }
    if let Some(language) = Language::of(&extension) {
        return if name.ends_with(".min.js") { Role::Ignored } else { Role::Code(language) };
    }
    if matches!(extension.as_str(), "rst" | "adoc" | "asciidoc" | "rdoc" | "org" | "textile") || is_legal(&name) {
        return Role::Plain;
    }
    let bare = !name.trim_start_matches('.').contains('.');
    let known = matches!(
        extension.as_str(),
        "toml"
            | "yml"
            | "yaml"
            | "json"
            | "xml"
            | "cfg"
            | "ini"
            | "conf"
            | "properties"
            | "gradle"
            | "csproj"
            | "fsproj"
            | "sln"
            | "gemspec"
            | "sh"
            | "bash"
            | "zsh"
            | "fish"
            | "ps1"
            | "bat"
            | "cmd"
            | "mk"
            | "txt"
            | "sql"
            | "env"
            | "tf"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "hpp"
            | "swift"
            | "scala"
            | "ex"
            | "exs"
            | "pl"
            | "lua"
            | "dart"
            | "proto"
            | "graphql"
            | "prisma"
            | "erb"
            | "twig"
            | "html"
            | "css"
            | "scss"
            | "in"
            | "tmpl"
            | "hbs"
            | "j2"
            | "service"
            | "mod"
            | "work"
            | "dockerfile"
            | "rake"
            | "ru"
            | "pyi"
            | "pyx"
            | "cshtml"
            | "razor"
            | "cmake"
            | "nix"
    );
    let lock = extension == "lock"
        || matches!(
            name.as_str(),
            "package-lock.json" | "pnpm-lock.yaml" | "composer.lock" | "go.sum" | "npm-shrinkwrap.json"
        );
    if (known || bare || name.contains("env") || name.starts_with("dockerfile")) && !lock {
        Role::Other
    } else {
        Role::Ignored
    }
}

fn is_legal(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    [
        "readme",
        "changelog",
        "changes",
        "news",
        "history",
        "license",
        "licence",
        "copying",
        "unlicense",
        "contributing",
        "security",
        "authors",
    ]
    .iter()
    .any(|known| stem == *known || (stem.starts_with(known) && stem[known.len()..].starts_with(['-', '_'])))
}

fn is_kept(path: &str) -> bool {
    let name = paths::name(path);
    name.starts_with("docker-compose")
        || name.starts_with("compose.")
        || name.starts_with("Dockerfile")
        || name == "mkdocs.yml"
        || name == "pnpm-workspace.yaml"
        || path == ".pre-commit-config.yaml"
        || path.starts_with(".github/workflows/")
        || name == ".gitlab-ci.yml"
        || name == ".cursorrules"
}

fn words_of_document(path: &str, text: &str, facts: &mut Collected) {
    let bytes = text.as_bytes();
    tokens::collect(bytes, &mut facts.document_words);
    for at in memchr::memmem::find_iter(bytes, b"--") {
        let end = bytes[at + 2..]
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
            .map_or(bytes.len(), |length| at + 2 + length);
        if end > at + 3 {
            facts.document_flags.insert(tokens::hash(&bytes[at + 2..end]));
        }
    }
    let mentions = code::routes::mentions(text);
    if !mentions.is_empty() {
        facts.mentions.push((path.to_owned(), mentions));
    }
}

/// Lines above a row of `===` or `---`, or after `=` marks: enough to know the sections of a README that is not Markdown.
fn plain_headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut last = "";
    for line in text.lines() {
        let ruled = line.len() >= 3
            && line
                .chars()
                .next()
                .is_some_and(|mark| "=-~^*#\"+`'".contains(mark) && line.trim_end().chars().all(|each| each == mark));
        if ruled && !last.trim().is_empty() {
            headings.push(last.trim().to_owned());
        } else if let Some(heading) =
            line.strip_prefix("= ").or_else(|| line.strip_prefix("== ")).or_else(|| line.strip_prefix("=== "))
        {
            headings.push(heading.trim().to_owned());
        }
        last = line;
    }
    headings
}
