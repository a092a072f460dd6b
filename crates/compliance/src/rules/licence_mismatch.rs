use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "licence-mismatch",
    category: Category::Changelog,
    severity: Severity::Error,
    on: true,
    summary: "The licence file and the build file name the same licence",
    why: "Two licences for one work: users and tools believe one of them, and half of them are wrong.",
    remedy: "Correct the field of the build file or the licence file, whichever is wrong",
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

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let files: Vec<&(String, String)> = project
        .facts
        .texts
        .iter()
        .filter(|(path, _)| {
            !path.contains('/')
                && ["license", "licence", "copying"]
                    .iter()
                    .any(|stem| paths::name(path).to_ascii_lowercase().starts_with(stem))
        })
        .collect();
    // Several files mean several licences, and their relation is written where no rule can read it.
    let [(file, text)] = files.as_slice() else { return };
    let Some((name, names)) = known(text) else { return };
    for manifest in project.facts.manifests.iter().filter(|manifest| !manifest.path.contains('/')) {
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
