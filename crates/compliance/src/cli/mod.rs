//! The command line: `check` and its companions. The library does the work; this reads arguments and files, and prints.

#![expect(clippy::print_stderr, reason = "this is the command line")]

use std::{
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    Config, Report, Severity, Tree, baseline, check, config, fix, generate,
    output::{self, Format},
    plan, requirements, rules, stack,
    tree::{Directory, Revision},
    waivers,
};

#[macro_use]
mod out;
mod clock;
mod generating;

/// Nothing was found that fails the check.
pub const CLEAN: i32 = 0;
/// Something was found.
pub const FOUND: i32 = 1;
/// The check could not be made: wrong settings, wrong arguments, an unreadable tree.
pub const BROKEN: i32 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "quantapilot-compliance",
    version,
    about = "Checks that a repository's documents are there, true and readable"
)]
pub struct Cli {
    #[command(flatten)]
    pub args: ComplianceArgs,
}

#[derive(Debug, Args)]
pub struct ComplianceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a directory or a git revision. Exit code 0: nothing found, 1: findings, 2: the check could not be made
    Check(CheckArgs),
    /// List the rules, or explain one
    Rules {
        /// Id of the rule to explain
        id: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Write down today's findings, so that only new ones fail
    Baseline(CheckArgs),
    /// Accept a finding for a time, with a reason
    Waive(WaiveArgs),
    /// Say what a project is made of, and why
    Stack {
        #[arg(default_value = ".")]
        path: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Write documents, agent rules and settings for the detected stack, keeping what people edited
    Generate(generating::GenerateArgs),
    /// List what a README asks for; with a plan, which requirement is covered by what
    Requirements {
        #[arg(default_value = "README.md")]
        readme: PathBuf,
        /// A plan as JSON
        #[arg(long)]
        plan: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Print the git pre-commit hook, or install it
    Hook {
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Write it to the repository's hooks folder; another hook there is not overwritten
        #[arg(long)]
        install: bool,
    },
    /// Print the CI workflow
    Workflow,
    /// Print the JSON Schema of compliance.toml
    Schema,
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Check this git revision instead of the files on disk
    #[arg(long)]
    rev: Option<String>,
    #[arg(long, value_enum, default_value = "human")]
    format: FormatArg,
    /// Settings file; compliance.toml of the tree by default
    #[arg(long)]
    config: Option<PathBuf>,
    /// Least severity that fails the check
    #[arg(long, value_enum, default_value = "warning")]
    fail_on: SeverityArg,
    /// Correct what is safe to correct, and check again
    #[arg(long)]
    fix: bool,
    /// Leave the baseline out
    #[arg(long)]
    no_baseline: bool,
    /// Only these rules
    #[arg(long = "rule")]
    rules: Vec<String>,
    #[arg(long, value_enum, default_value = "auto")]
    color: ColorArg,
}

#[derive(Debug, Args)]
struct WaiveArgs {
    /// Id of the rule
    rule: String,
    /// Path or glob
    path: String,
    #[arg(long)]
    reason: String,
    #[arg(long)]
    owner: String,
    /// Last day, YYYY-MM-DD
    #[arg(long)]
    expires: String,
    /// Text that the message holds
    #[arg(long)]
    message: Option<String>,
    /// Root of the repository
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    Human,
    Json,
    Sarif,
    Github,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeverityArg {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColorArg {
    Auto,
    Always,
    Never,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Human => Self::Human,
            FormatArg::Json => Self::Json,
            FormatArg::Sarif => Self::Sarif,
            FormatArg::Github => Self::Github,
        }
    }
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Info => Self::Info,
            SeverityArg::Warning => Self::Warning,
            SeverityArg::Error => Self::Error,
        }
    }
}

/// What could not be done, and what to try.
#[derive(Debug)]
struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Runs the command and answers its exit code.
pub fn run(args: ComplianceArgs) -> i32 {
    match dispatch(args.command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            if let Some(hint) = failure.hint {
                eprintln!("hint: {hint}");
            }
            BROKEN
        }
    }
}

fn dispatch(command: Command) -> Result<i32, Failure> {
    match command {
        Command::Check(args) => run_check(&args),
        Command::Rules { id, json } => explain(id.as_deref(), json),
        Command::Baseline(args) => write_baseline(&args),
        Command::Waive(args) => waive(args),
        Command::Stack { path, json } => show_stack(&path, json),
        Command::Generate(args) => generating::run(&args),
        Command::Requirements { readme, plan, json } => show_requirements(&readme, plan.as_deref(), json),
        Command::Hook { path, install } => hook(&path, install),
        Command::Workflow => {
            out!("{}", generate::ci_workflow());
            Ok(CLEAN)
        }
        Command::Schema => {
            outln!("{}", pretty(&config::schema::schema()));
            Ok(CLEAN)
        }
    }
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn open(path: &Path, revision: Option<&str>) -> Result<Box<dyn Tree>, Failure> {
    match revision {
        Some(revision) => match Revision::open(path, revision) {
            Ok(tree) => Ok(Box::new(tree)),
            Err(error) => {
                Err(Failure::new(error.to_string()).hint("name a commit, branch, tag or tree of a git repository"))
            }
        },
        None => Ok(Box::new(directory(path)?)),
    }
}

fn directory(path: &Path) -> Result<Directory, Failure> {
    Directory::open(path).map_err(|error| {
        Failure::new(format!("`{}` cannot be opened: {error}", path.display())).hint("give the path of a directory")
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::new(format!("`{}` cannot be read: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("`{}` cannot be made: {error}", folder.display())))?;
    }
    // A link in the place of the file would lead the write out of the tree.
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_symlink()) {
        return Err(Failure::new(format!("`{}` is a symbolic link and is not written through", path.display())));
    }
    fs::write(path, bytes).map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", path.display())))
}

fn settings(args: &CheckArgs, tree: &dyn Tree, with_baseline: bool) -> Result<Config, Failure> {
    let (name, text) = match &args.config {
        Some(path) => (path.display().to_string(), Some(read(path)?)),
        None => (config::FILE.to_owned(), tree.text(config::FILE)),
    };
    let mut settings = match text {
        Some(text) => Config::parse(&text).map_err(|problems| {
            Failure::new(format!("`{name}` is wrong:\n{problems}"))
                .hint("`quantapilot compliance schema` prints every key")
        })?,
        None => Config::default(),
    };
    for id in &args.rules {
        if rules::find(id).is_none() {
            let near = crate::text::nearest::nearest(id, rules::all().map(|rule| rule.id));
            let failure = Failure::new(format!("there is no rule `{id}`"));
            return Err(match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`quantapilot compliance rules` lists them"),
            });
        }
    }
    if !args.rules.is_empty() {
        for rule in rules::all() {
            let level =
                if args.rules.iter().any(|id| id == rule.id) { config::Level::Default } else { config::Level::Off };
            settings.levels.insert(rule.id.to_owned(), level);
        }
    }
    settings.today = Some(clock::today());
    if with_baseline
        && !args.no_baseline
        && let Some(text) = tree.text(baseline::FILE)
    {
        settings.baseline = Some(
            baseline::Baseline::parse(&text)
                .map_err(|error| Failure::new(error).hint("write it anew with `quantapilot compliance baseline`"))?,
        );
    }
    Ok(settings)
}

fn run_check(args: &CheckArgs) -> Result<i32, Failure> {
    let tree = open(&args.path, args.rev.as_deref())?;
    let settings = settings(args, tree.as_ref(), true)?;
    let mut report = check(tree.as_ref(), &settings);
    if args.fix {
        if args.rev.is_some() {
            return Err(Failure::new("a revision cannot be fixed").hint("leave out --rev to fix the files on disk"));
        }
        report = fix_all(&args.path, report, &settings)?;
    }
    out::stream(|out| output::write(&report, args.format.into(), colours(args.color), out));
    Ok(if report.fails(args.fail_on.into()) { FOUND } else { CLEAN })
}

/// Fixes until nothing more can be fixed: one edit may stand in the way of another.
fn fix_all(root: &Path, mut report: Report, settings: &Config) -> Result<Report, Failure> {
    for _ in 0..4 {
        let tree = directory(root)?;
        let (files, settled) = fix::fixed(&tree, &report);
        if files.is_empty() {
            break;
        }
        for (path, bytes) in &files {
            write(&root.join(path), bytes)?;
        }
        eprintln!("fixed {settled} in {} files", files.len());
        report = check(&directory(root)?, settings);
    }
    Ok(report)
}

fn colours(color: ColorArg) -> bool {
    match color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => std::io::stdout().is_terminal() && !clock::is_set("NO_COLOR"),
    }
}

fn explain(id: Option<&str>, json: bool) -> Result<i32, Failure> {
    if let Some(id) = id {
        let Some(rule) = rules::find(id) else {
            let near = crate::text::nearest::nearest(id, rules::all().map(|rule| rule.id));
            let hint = near.map_or_else(
                || "`quantapilot compliance rules` lists them".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Failure::new(format!("there is no rule `{id}`")).hint(hint));
        };
        out!("{}", crate::rule::page(rule));
        return Ok(CLEAN);
    }
    if json {
        let list: Vec<_> = rules::all()
            .map(|rule| serde_json::json!({ "id": rule.id, "category": rule.category, "severity": rule.severity, "on": rule.on, "summary": rule.summary, "why": rule.why, "remedy": rule.remedy }))
            .collect();
        outln!("{}", pretty(&list));
        return Ok(CLEAN);
    }
    for rule in rules::all() {
        let state = if rule.on { rule.severity.name() } else { "off" };
        outln!("{:28} {state:8} {}", rule.id, rule.summary);
    }
    Ok(CLEAN)
}

fn write_baseline(args: &CheckArgs) -> Result<i32, Failure> {
    let tree = open(&args.path, args.rev.as_deref())?;
    let report = check(tree.as_ref(), &settings(args, tree.as_ref(), false)?);
    let known = baseline::Baseline::of(&report);
    write(&args.path.join(baseline::FILE), known.to_json().as_bytes())?;
    outln!("{} findings are in {}", report.findings.len(), baseline::FILE);
    Ok(CLEAN)
}

fn waive(args: WaiveArgs) -> Result<i32, Failure> {
    let waiver = waivers::Waiver {
        rule: args.rule,
        path: args.path,
        message: args.message,
        reason: args.reason,
        owner: args.owner,
        expires: args.expires,
        line: 0,
    };
    let file = args.root.join(waivers::FILE);
    let before =
        if file.exists() { read(&file)? } else { "# Accepted findings: what, why, by whom, until when.\n".to_owned() };
    let text = before + &waivers::entry(&waiver);
    waivers::parse(&text).map_err(|problems| Failure::new(format!("the waiver is wrong:\n{problems}")))?;
    write(&file, text.as_bytes())?;
    outln!("added to {}", waivers::FILE);
    Ok(CLEAN)
}

fn show_stack(path: &Path, json: bool) -> Result<i32, Failure> {
    let found = stack::detect(&directory(path)?);
    if json {
        outln!("{}", pretty(&found));
        return Ok(CLEAN);
    }
    for each in &found {
        let kind =
            serde_json::to_value(each.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
        outln!("{kind:16} {:24} {:.2}", each.name, each.confidence);
        for evidence in &each.evidence {
            outln!("    {evidence}");
        }
    }
    Ok(CLEAN)
}

fn show_requirements(readme: &Path, plan_path: Option<&Path>, json: bool) -> Result<i32, Failure> {
    let text = read(readme)?;
    let found = requirements::read(&text);
    let Some(plan_path) = plan_path else {
        if json {
            outln!("{}", pretty(&found));
        } else {
            for each in &found {
                outln!("{}  {}:{}  {}", each.id, readme.display(), each.line, each.text);
            }
        }
        return Ok(CLEAN);
    };
    let plan: plan::Plan = serde_json::from_str(&read(plan_path)?)
        .map_err(|error| Failure::new(format!("`{}` is no plan: {error}", plan_path.display())))?;
    let coverage = requirements::coverage(&found, &plan);
    if json {
        outln!("{}", pretty(&coverage));
    } else {
        for covered in &coverage.covered {
            let by: Vec<String> = covered.by.iter().map(|by| format!("{}/{}", by.milestone, by.task)).collect();
            outln!("{}  covered by {}", covered.id, by.join(", "));
        }
        for open in &coverage.uncovered {
            let near: Vec<&str> = open.suggestions.iter().map(|near| near.task.as_str()).collect();
            let near = if near.is_empty() { String::new() } else { format!("  (nearest: {})", near.join(", ")) };
            outln!("{}  NOT COVERED  line {}: {}{near}", open.id, open.line, open.text);
        }
        for unknown in &coverage.unknown_ids {
            outln!("task {} names {}, which is no requirement", unknown.task, unknown.id);
        }
        outln!("{:.0} % covered", coverage.ratio * 100.0);
    }
    Ok(if coverage.uncovered.is_empty() && coverage.unknown_ids.is_empty() { CLEAN } else { FOUND })
}

fn hook(path: &Path, install: bool) -> Result<i32, Failure> {
    let text = generate::pre_commit_hook();
    if !install {
        out!("{text}");
        return Ok(CLEAN);
    }
    let answer = std::process::Command::new("git")
        .arg("-C")
        .arg(path)
        .args(["rev-parse", "--git-path", "hooks/pre-commit"])
        .output()
        .map_err(|error| Failure::new(format!("git cannot be run: {error}")))?;
    if !answer.status.success() {
        return Err(Failure::new(format!("`{}` is no git repository", path.display())).hint("run it in a clone"));
    }
    let file = path.join(String::from_utf8_lossy(&answer.stdout).trim());
    if fs::read_to_string(&file).is_ok_and(|present| present != text) {
        return Err(Failure::new(format!("another hook is at `{}`", file.display()))
            .hint("add the command `quantapilot compliance check` to it"));
    }
    write(&file, text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
            .map_err(|error| Failure::new(error.to_string()))?;
    }
    outln!("installed {}", file.display());
    Ok(CLEAN)
}
