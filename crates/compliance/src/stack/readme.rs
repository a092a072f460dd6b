//! What a README asks for, when it is all there is: weak evidence, and marked so.

use super::{Detected, Kind};

const WORDS: &[(&str, Kind, &str)] = &[
    ("rust", Kind::Language, "Rust"),
    ("python", Kind::Language, "Python"),
    ("typescript", Kind::Language, "TypeScript"),
    ("javascript", Kind::Language, "JavaScript"),
    ("node.js", Kind::Language, "JavaScript"),
    ("nodejs", Kind::Language, "JavaScript"),
    ("golang", Kind::Language, "Go"),
    ("java", Kind::Language, "Java"),
    ("c#", Kind::Language, "C#"),
    (".net", Kind::Language, "C#"),
    ("php", Kind::Language, "PHP"),
    ("ruby", Kind::Language, "Ruby"),
    ("axum", Kind::Framework, "axum"),
    ("actix", Kind::Framework, "Actix Web"),
    ("fastapi", Kind::Framework, "FastAPI"),
    ("flask", Kind::Framework, "Flask"),
    ("django", Kind::Framework, "Django"),
    ("express", Kind::Framework, "Express"),
    ("nestjs", Kind::Framework, "NestJS"),
    ("spring boot", Kind::Framework, "Spring Boot"),
    ("asp.net", Kind::Framework, "ASP.NET Core"),
    ("laravel", Kind::Framework, "Laravel"),
    ("rails", Kind::Framework, "Rails"),
    ("react", Kind::Frontend, "React"),
    ("vue", Kind::Frontend, "Vue"),
    ("svelte", Kind::Frontend, "Svelte"),
    ("angular", Kind::Frontend, "Angular"),
    ("postgresql", Kind::Database, "PostgreSQL"),
    ("postgres", Kind::Database, "PostgreSQL"),
    ("mysql", Kind::Database, "MySQL"),
    ("sqlite", Kind::Database, "SQLite"),
    ("redis", Kind::Database, "Redis"),
    ("mongodb", Kind::Database, "MongoDB"),
    ("docker compose", Kind::Container, "Docker Compose"),
    ("docker", Kind::Container, "Docker"),
    ("pytest", Kind::TestFramework, "pytest"),
    ("command line", Kind::Cli, "program"),
    ("командной строки", Kind::Cli, "program"),
    ("cli", Kind::Cli, "program"),
];

pub(super) fn detect(path: &str, text: &str) -> Vec<Detected> {
    let mut found: Vec<Detected> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.to_lowercase();
        for (word, kind, name) in WORDS {
            let whole = line.match_indices(word).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = line[at + word.len()..].chars().next();
                let outside = |character: Option<char>| character.is_none_or(|character| !character.is_alphanumeric());
                outside(before) && outside(after)
            });
            if !whole {
                continue;
            }
            match found.iter_mut().find(|each| each.kind == *kind && each.name == *name) {
                Some(each) => each.confidence = 0.4,
                None => found.push(Detected {
                    kind: *kind,
                    name: (*name).to_owned(),
                    confidence: 0.3,
                    evidence: vec![format!("{path}:{number}: says `{word}`")],
                }),
            }
        }
    }
    found.sort_by_key(|each| each.kind);
    found
}
