//! `generate`: templates into a directory that people edit too.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CLEAN, FOUND, Failure, clock, directory, read, write};
use crate::{
    config::ProjectType,
    generate::{self, Outcome, ProjectInfo, Record, Templates},
    markdown::{Document, Paragraph},
    requirements, stack,
    tree::Tree,
};

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Say what would happen and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Name of the project; the README's title, the build file's name or the folder's by default
    #[arg(long)]
    name: Option<String>,
    /// One or two sentences; the README's first paragraph by default
    #[arg(long)]
    summary: Option<String>,
    /// `cli`, `web_api`, `web_app`, `library` or `other`; detected by default
    #[arg(long = "type")]
    kind: Option<String>,
    /// SPDX name of the licence
    #[arg(long)]
    license: Option<String>,
    /// Copyright holder
    #[arg(long)]
    owner: Option<String>,
    /// Folder with `<name>.hbs` files that replace built-in templates
    #[arg(long)]
    templates: Option<PathBuf>,
    /// Write the built-in templates into this folder, to be changed there
    #[arg(long)]
    export_templates: Option<PathBuf>,
}

pub(super) fn run(args: &GenerateArgs) -> Result<i32, Failure> {
    if let Some(folder) = &args.export_templates {
        return export(folder);
    }
    let tree = directory(&args.path)?;
    let templates = match &args.templates {
        Some(folder) => Templates::from_folder(folder).map_err(Failure::new)?,
        None => Templates::default(),
    };
    let found = stack::detect(&tree);
    let info = info(args, &tree)?;
    let files = generate::documents_with(&templates, &found, &info).map_err(Failure::new)?;
    let record = Record::read(&tree).map_err(Failure::new)?;
    let (changes, next) = generate::apply(&tree, &files, &record);
    let mut conflicts = 0;
    for change in &changes {
        let word = match &change.outcome {
            Outcome::Created => "create",
            Outcome::Updated => "update",
            Outcome::Merged => "merge",
            Outcome::Unchanged => "keep",
            Outcome::LeftRemoved => "leave out",
            Outcome::Conflict { .. } => "CONFLICT",
        };
        outln!("{word:10} {}", change.path);
        if let Outcome::Conflict { diff } = &change.outcome {
            conflicts += 1;
            out!("{diff}");
        }
        if let Some(content) = change.content.as_ref().filter(|_| !args.dry_run) {
            write(&args.path.join(&change.path), content.as_bytes())?;
        }
    }
    if !args.dry_run && next != record {
        write(&args.path.join(generate::apply::RECORD), next.to_json().as_bytes())?;
    }
    if conflicts > 0 {
        let files = if conflicts == 1 {
            "1 file was left as it is".to_owned()
        } else {
            format!("{conflicts} files were left as they are")
        };
        eprintln!("{files}; take what you want from the differences above");
    }
    Ok(if conflicts > 0 { FOUND } else { CLEAN })
}

fn info(args: &GenerateArgs, tree: &impl Tree) -> Result<ProjectInfo, Failure> {
    let project_type = match &args.kind {
        Some(word) => Some(ProjectType::parse(word).ok_or_else(|| {
            Failure::new(format!("`{word}` is no type of project")).hint(ProjectType::NAMES.join(", "))
        })?),
        None => Some(stack::kind_of(tree)),
    };
    let readme = readme(tree);
    let document = crate::markdown::parse("README.md", &readme);
    let absolute = args.path.canonicalize().unwrap_or_else(|_| args.path.clone());
    let folder = absolute.file_name().map(|name| name.to_string_lossy().into_owned());
    let title = document.headings.first().map(|heading| heading.text.clone()).filter(|title| !title.is_empty());
    // The day stands in the record, so that a later run makes the same bytes.
    let date = tree
        .text(generate::apply::RECORD)
        .and_then(|text| text.split("Date: ").nth(1).map(|rest| rest.chars().take(10).collect()))
        .unwrap_or_else(clock::today);
    Ok(ProjectInfo {
        name: args.name.clone().or(title).or_else(|| package(tree)).or(folder).unwrap_or_default(),
        summary: args.summary.clone().or_else(|| summary(&readme, &document)).unwrap_or_default(),
        project_type,
        license: args.license.clone(),
        owner: args.owner.clone(),
        requirements: requirements::read(&readme),
        scripts: scripts(tree),
        date,
        ..ProjectInfo::default()
    })
}

/// The README at the root, however its name is written.
fn readme(tree: &impl Tree) -> String {
    let entries = tree.entries();
    let path = entries.iter().map(|entry| &entry.path).find(|path| path.eq_ignore_ascii_case("README.md"));
    path.and_then(|path| tree.text(path)).unwrap_or_default()
}

/// The first paragraph that says something: a row of badges is one too.
fn summary(readme: &str, document: &Document) -> Option<String> {
    let pictures = |paragraph: &Paragraph| {
        readme[paragraph.offset..].starts_with(['!', '<']) || readme[paragraph.offset..].starts_with("[!")
    };
    document.paragraphs.iter().find(|paragraph| !pictures(paragraph)).map(|paragraph| paragraph.text.clone())
}

/// The name in a build file at the root.
fn package(tree: &impl Tree) -> Option<String> {
    let mut paths: Vec<String> =
        tree.entries().iter().map(|entry| entry.path.clone()).filter(|path| !path.contains('/')).collect();
    paths.sort();
    paths.iter().find_map(|path| crate::manifest::read(path, &tree.text(path)?)?.name)
}

/// The names that `package.json` or else a Makefile at the root defines.
fn scripts(tree: &impl Tree) -> Option<Vec<String>> {
    ["package.json", "Makefile", "makefile"]
        .into_iter()
        .find_map(|path| crate::manifest::read(path, &tree.text(path)?))
        .map(|manifest| manifest.scripts)
}

fn export(folder: &Path) -> Result<i32, Failure> {
    let templates = Templates::default();
    for name in Templates::names() {
        let path = folder.join(format!("{name}.hbs"));
        if path.exists() && read(&path)? != templates.get(name).unwrap_or_default() {
            outln!("keep       {}", path.display());
            continue;
        }
        write(&path, templates.get(name).unwrap_or_default().as_bytes())?;
        outln!("write      {}", path.display());
    }
    Ok(CLEAN)
}
