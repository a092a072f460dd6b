use super::sections;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{paths, plain},
};

pub(crate) static RULE: Rule = Rule {
    id: "licence-mismatch",
    category: Category::Changelog,
    severity: Severity::Error,
    on: true,
    summary: "The licence file, the build file and the README name the same licence",
    why: "Two licences for one work: users and tools believe one of them, and half of them are wrong.",
    remedy: "Correct the one that is wrong",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "two licences",
            files: &[
                ("LICENSE", "MIT License\n\nPermission is hereby granted, free of charge, to any person\n"),
                ("Cargo.toml", "[package]\nname='x'\nlicense='Apache-2.0'\n"),
            ],
            expect: &[("Cargo.toml", 1)],
        },
        Case {
            name: "another in the README",
            files: &[
                ("README.md", "# X\n\n## License\n\nMIT, as you like.\n"),
                ("Cargo.toml", "[package]\nname='x'\nlicense='Apache-2.0'\n"),
            ],
            expect: &[("README.md", 5)],
        },
        Case {
            name: "two in the README, one in the build file",
            files: &[
                ("README.md", "# X\n\n## License\n\nCode under Apache-2.0, texts under MIT.\n"),
                ("Cargo.toml", "[package]\nname='x'\nlicense='Apache-2.0'\n"),
            ],
            expect: &[],
        },
        Case {
            name: "the same",
            files: &[
                ("LICENSE", "Apache License\nVersion 2.0, January 2004\n"),
                ("Cargo.toml", "[package]\nname='x'\nlicense='MIT OR Apache-2.0'\n"),
            ],
            expect: &[],
        },
    ],
};

/// The licence of a text, by the words that only it has, and the names it goes by.
fn known(text: &str) -> Option<(&'static str, &'static [&'static str])> {
    let start: String = text.chars().take(3000).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    let has = |words: &str| start.contains(words);
    Some(if has("GNU AFFERO GENERAL PUBLIC LICENSE") {
        ("AGPL", &["AGPL", "Affero"])
    } else if has("GNU LESSER GENERAL PUBLIC LICENSE") {
        ("LGPL", &["LGPL", "Lesser"])
    } else if has("GNU GENERAL PUBLIC LICENSE") {
        ("GPL", &["GPL", "GNU"])
    } else if has("Mozilla Public License") {
        ("MPL-2.0", &["MPL", "Mozilla"])
    } else if has("Apache License") && has("Version 2.0") {
        ("Apache-2.0", &["Apache"])
    } else if has("Permission is hereby granted, free of charge") && has("MIT") {
        ("MIT", &["MIT", "Expat", "X11"])
    } else {
        return None;
    })
}

/// Families of licences by the names that sentences use for them.
const FAMILIES: &[(&str, &[&str])] = &[
    ("MIT", &["mit"]),
    ("Apache-2.0", &["apache"]),
    ("AGPL", &["agpl", "affero"]),
    ("LGPL", &["lgpl"]),
    ("GPL", &["gpl"]),
    ("MPL-2.0", &["mpl", "mozilla"]),
    ("BSD", &["bsd"]),
    ("ISC", &["isc"]),
];

/// The families that a text names, by whole words: `GPL-3.0` is not named by `AGPL-3.0`.
fn families(text: &str) -> Vec<&'static str> {
    let words: Vec<String> =
        text.split(|each: char| !each.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect();
    let starts = |names: &[&str]| {
        words.iter().any(|word| {
            names.iter().any(|name| {
                word.strip_prefix(name).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'v'))
            })
        })
    };
    FAMILIES.iter().filter(|(_, names)| starts(names)).map(|(family, _)| *family).collect()
}

/// A README whose section on the licence names one licence, and a build file that names another.
fn readme(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(readme) = project.readme() else { return };
    let named = |section: Option<usize>| {
        readme.heading(section).is_some_and(|heading| sections::any(&[plain(&heading.text)], sections::LICENCE))
    };
    let words: Vec<&str> = readme
        .paragraphs
        .iter()
        .filter(|paragraph| named(paragraph.section))
        .map(|paragraph| paragraph.text.as_str())
        .collect();
    let Some(manifest) = project.sources.main_manifest() else { return };
    let said = families(&words.join(" "));
    let field = manifest.license.as_deref().map(families).unwrap_or_default();
    if let ([said], false) = (said.as_slice(), field.is_empty() || field.iter().any(|family| said.contains(family))) {
        let line = readme.paragraphs.iter().find(|paragraph| named(paragraph.section)).map_or(1, |found| found.line);
        let message = format!("the licence is {said} here, and `{}` in `{}`", field.join(" and "), manifest.path);
        sink.report(&readme.path, line, 1, message);
    }
}

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    readme(project, sink);
    // Several files mean several licences, and their relation is written where no rule can read it.
    let [(file, text)] = project.documents.licences.as_slice() else { return };
    let Some((name, names)) = known(text) else { return };
    for manifest in project.sources.facts.manifests.iter().filter(|manifest| !manifest.path.contains('/')) {
        let Some(field) = &manifest.license else { continue };
        let elsewhere = field.to_lowercase().contains("see ")
            || field.to_lowercase().contains("file")
            || paths::name(field) == file.as_str()
            || field == "UNLICENSED";
        if !elsewhere
            && field.len() < 200
            && !names.iter().any(|name| field.to_lowercase().contains(&name.to_lowercase()))
        {
            sink.report(&manifest.path, 1, 1, format!("the licence is `{field}` here, and {name} in `{file}`"));
        }
    }
}
