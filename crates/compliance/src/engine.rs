//! The check: one pass over the files, in parallel, then the rules that need to know everything.

use std::{borrow::Cow, io};

use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::prelude::*;

use crate::{
    code::{self, Language, openapi},
    config::Config,
    documents::Documents,
    manifest, markdown,
    page::Page,
    project::{Collected, Example, Project, Sources, is_sample},
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
///
/// Each file is read once: first all that is no document, then the documents, which so can be held against the code while
/// their texts are at hand.
pub fn check(tree: &dyn Tree, config: &Config) -> Report {
    let entries = tree.entries();
    let excluded = globs(&config.exclude);
    let skipped = |path: &str| is_foreign(path) || excluded.is_match(path);
    let (files, others, pages) = sorted_by_role(&entries, skipped);
    let sources = Sources::new(tree, config, &entries, collect(tree, &entries, config, &others));

    let page_rules = enabled(config, |check| check.of_page().is_some());
    let (mut documents, mut findings) = pages
        .par_iter()
        .with_min_len(8)
        .fold(
            || (Documents::default(), Vec::new()),
            |(mut documents, mut findings), (place, role)| {
                read_document(&sources, *place, *role, &page_rules, &mut documents, &mut findings);
                (documents, findings)
            },
        )
        .reduce(
            || (Documents::default(), Vec::new()),
            |(a, mut x), (b, mut y)| {
                x.append(&mut y);
                (a.merge(b), x)
            },
        );
    documents.sort();
    let read = documents.count();

    let waiver_text = sources.index.is_file(waivers::FILE).then(|| tree.text(waivers::FILE)).flatten();
    let project = Project { sources, documents };
    let project_rules = enabled(config, |check| check.of_project().is_some());
    let found: Vec<Vec<Finding>> = project_rules
        .into_par_iter()
        .with_max_len(1)
        .map(|(rule, severity)| {
            let mut findings = Vec::new();
            if let Some(look) = rule.check.of_project() {
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
    report.summary.documents = read;
    report.settle();
    report
}

/// What the project is, by the same facts that the check uses.
pub(crate) fn kind(tree: &dyn Tree, config: &Config) -> crate::config::ProjectType {
    let entries = tree.entries();
    let (_, others, _) = sorted_by_role(&entries, is_foreign);
    Sources::new(tree, config, &entries, collect(tree, &entries, config, &others)).kind
}

/// Rules that hold documents against code, and that a tree has the code for. In a tree without it they are silent, whatever the
/// documents promise.
pub fn armed(tree: &dyn Tree, config: &Config) -> Vec<&'static str> {
    let entries = tree.entries();
    let (_, others, _) = sorted_by_role(&entries, is_foreign);
    let Sources { offer, facts, .. } = Sources::new(tree, config, &entries, collect(tree, &entries, config, &others));
    let has = [
        ("route-unknown", !offer.routes.is_empty()),
        ("flag-unknown", !offer.flags.is_empty()),
        ("variable-unknown", offer.has_settings),
        ("key-unknown", offer.has_keys),
        ("fence-command-missing", !facts.manifests.is_empty()),
        ("fence-file-missing", entries.iter().any(|entry| code::is_code(&entry.path))),
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

/// A file's place in the tree's list, and what it is to the check.
type Part = (u32, Role);

/// How many files count, those that are read and no documents, and the documents.
fn sorted_by_role(entries: &[Entry], skipped: impl Fn(&str) -> bool) -> (usize, Vec<Part>, Vec<Part>) {
    let (mut files, mut others, mut pages) = (0, Vec::new(), Vec::new());
    for (entry, place) in entries.iter().zip(0..) {
        if skipped(&entry.path) {
            continue;
        }
        files += 1;
        if entry.kind != Kind::File || !paths::is_inside(&entry.path) {
            continue;
        }
        match role(&entry.path) {
            Role::Ignored => {}
            role @ (Role::Markdown | Role::Plain) => pages.push((place, role)),
            role => others.push((place, role)),
        }
    }
    (files, others, pages)
}

/// Why a file is not looked at.
enum Unread {
    /// Its bytes are more than the settings allow.
    TooLarge(u64),
    Failed(io::Error),
}

fn read<'t>(tree: &'t dyn Tree, entry: &Entry, config: &Config) -> Result<Cow<'t, [u8]>, Unread> {
    if entry.size > config.max_file_bytes {
        return Err(Unread::TooLarge(entry.size));
    }
    // A list need not know the sizes.
    let bytes = tree.read(&entry.path).map_err(Unread::Failed)?;
    let size = bytes.len() as u64;
    if size > config.max_file_bytes { Err(Unread::TooLarge(size)) } else { Ok(bytes) }
}

/// Reads what is no document. A file that cannot be read, or is too large, says nothing.
fn collect(tree: &dyn Tree, entries: &[Entry], config: &Config, files: &[Part]) -> Collected {
    files
        .par_iter()
        .with_min_len(8)
        .fold(Collected::default, |mut facts, (place, role)| {
            let entry = &entries[*place as usize];
            if let Ok(bytes) = read(tree, entry, config) {
                read_source(&entry.path, *role, &bytes, &mut facts);
            }
            facts
        })
        .reduce(Collected::default, Collected::merge)
}

fn read_source(path: &str, role: Role, bytes: &[u8], facts: &mut Collected) {
    let text = text_of(bytes);
    match role {
        Role::Example => {
            tokens::collect(bytes, &mut facts.document_words);
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
            facts.api_routes.push((path.to_owned(), openapi::read(path, &text)));
            tokens::collect(bytes, &mut facts.document_words);
        }
        Role::Code(language) => {
            tokens::collect(bytes, &mut facts.code_words);
            let found = code::read(language, &text);
            if !found.is_empty() {
                facts.code.push((path.to_owned(), found));
            }
            facts.manifests.extend(manifest::read(path, &text));
        }
        Role::Other => {
            tokens::collect(bytes, &mut facts.code_words);
            facts.manifests.extend(manifest::read(path, &text));
            let name = paths::name(path);
            if name.starts_with("application")
                && matches!(paths::extension(path).as_str(), "yml" | "yaml" | "properties")
            {
                let variables = code::patterns::placeholders(&text);
                facts.code.push((path.to_owned(), code::Facts { variables, ..code::Facts::default() }));
            }
            if stack::names_images(name) {
                facts.images.extend(stack::images(path, &text));
            }
        }
        Role::Markdown | Role::Plain | Role::Ignored => {}
    }
}

/// Reads one document, lets the rules over pages look at it while its text is here, and keeps what others need.
fn read_document(
    sources: &Sources<'_>,
    place: u32,
    role: Role,
    rules: &[(&'static Rule, Severity)],
    documents: &mut Documents,
    findings: &mut Vec<Finding>,
) {
    let config = sources.config;
    let entry = &sources.entries[place as usize];
    let path = entry.path.as_str();
    let bytes = match read(sources.tree, entry, config) {
        Ok(bytes) => bytes,
        Err(Unread::TooLarge(size)) => {
            let message = format!("{size} bytes, more than the limit of {}: not checked", config.max_file_bytes);
            return engine_finding(config, "file-too-large", path, 1, message, findings);
        }
        Err(Unread::Failed(error)) => {
            let message = format!("cannot be read: {}", error.kind());
            return engine_finding(config, "file-unreadable", path, 1, message, findings);
        }
    };
    let text = text_of(&bytes);
    if role == Role::Plain {
        return documents.add_plain(place, path, &text, sources);
    }
    let document = markdown::parse_with(path, &text, is_read_whole(path, config));
    let page = Page::new(&document, &text, &bytes, sources);
    if !is_sample(path) {
        for (rule, severity) in rules {
            if let Some(look) = rule.check.of_page() {
                look(&page, &mut Sink { rule, severity: *severity, config, findings });
            }
        }
    }
    documents.add(place, &page);
    documents.keep(document);
}

/// The text of a file, repaired where it is none. Most is text, and a look at that alone is several times quicker.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Documents whose sentences and lists rules look at: those at the root, records, agent rules.
fn is_read_whole(path: &str, config: &Config) -> bool {
    let folder = paths::parent(path);
    !path.contains('/')
        || paths::extension(path) == "mdc"
        || folder
            .split('/')
            .any(|part| matches!(part.to_ascii_lowercase().as_str(), "adr" | "adrs" | "decisions" | ".github"))
        || config.words.decision_folders.iter().any(|other| other.trim_end_matches('/') == folder)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Markdown,
    /// A document in another format.
    Plain,
    /// `.env.example` and the like.
    Example,
    OpenApi,
    Code(Language),
    /// Settings, build files, shell scripts: their words count.
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
