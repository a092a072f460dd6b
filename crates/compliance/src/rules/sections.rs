//! Words by which sections of a README are known, in the languages that READMEs are written in.

use crate::{markdown::Document, project::Project, text::plain};

pub(super) const INSTALL: &[&str] = &[
    "install",
    "installation",
    "installing",
    "getting started",
    "get started",
    "setup",
    "set up",
    "quick start",
    "quickstart",
    "download",
    "build",
    "building",
    "running",
    "run",
    "start",
    "deployment",
    "develop",
    "development",
    "установка",
    "быстрый старт",
    "начало работы",
    "запуск",
    "сборка",
    "安装",
    "インストール",
];
pub(super) const USAGE: &[&str] = &[
    "usage",
    "use",
    "using",
    "example",
    "examples",
    "getting started",
    "quick start",
    "quickstart",
    "how to use",
    "how to run",
    "running",
    "run",
    "запуск",
    "tutorial",
    "guide",
    "basic",
    "api",
    "commands",
    "overview",
    "getting-started",
    "sample",
    "demo",
    "synopsis",
    "features",
    "documentation",
    "docs",
    "how it works",
    "использование",
    "примеры",
    "пример",
    "как использовать",
    "使用",
    "使い方",
];
pub(super) const LICENCE: &[&str] =
    &["license", "licence", "licensing", "copyright", "лицензия", "许可", "ライセンス", "legal"];
const TESTS: &[&str] = &["test", "tests", "testing", "тест", "тесты", "тестирование"];

/// The README's headings in plain words, of whatever format it is.
pub(super) fn readme_headings(project: &Project<'_>) -> Vec<String> {
    if let Some(readme) = project.readme() {
        return readme.headings.iter().map(|heading| plain(&heading.text)).collect();
    }
    project
        .readme_path()
        .and_then(|path| project.documents.plain_front.iter().find(|(other, _)| other == path))
        .map(|(_, headings)| headings.iter().map(|heading| plain(heading)).collect())
        .unwrap_or_default()
}

/// True when one of the headings has one of the words.
pub(super) fn any(headings: &[String], words: &[&str]) -> bool {
    headings.iter().any(|heading| {
        words.iter().any(|word| {
            if word.is_ascii() {
                let padded = format!(" {heading} ");
                padded.contains(&format!(" {word} "))
            } else {
                heading.contains(word)
            }
        })
    })
}

/// Whether a document says how tests are run.
pub(crate) fn says_tests(document: &Document) -> bool {
    const COMMANDS: [&str; 10] =
        ["test", "tests", "pytest", "tox", "nox", "rspec", "phpunit", "vitest", "jest", "check"];
    let commands = || document.fences.iter().flat_map(|fence| &fence.commands).flat_map(|command| &command.words);
    let codes = || document.codes.iter().flat_map(|code| code.text.split_whitespace());
    let headings = || document.headings.iter().map(|heading| plain(&heading.text)).collect::<Vec<_>>();
    commands().any(|word| COMMANDS.contains(&word.as_str()))
        || codes().any(|word| COMMANDS.contains(&word))
        || any(&headings(), TESTS)
}
