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

/// Commands, which say as much where they stand in code.
const COMMANDS: &[(&str, &str)] = &[
    ("cargo ", "Rust"),
    ("python ", "Python"),
    ("python3 ", "Python"),
    ("pip ", "Python"),
    ("uv ", "Python"),
    ("npm ", "JavaScript"),
    ("node ", "JavaScript"),
    ("npx ", "JavaScript"),
    ("go run", "Go"),
    ("go test", "Go"),
    ("mvn ", "Java"),
    ("dotnet ", "C#"),
    ("composer ", "PHP"),
    ("bundle exec", "Ruby"),
];

pub(super) fn detect(path: &str, text: &str) -> Vec<Detected> {
    let mut found: Vec<Detected> = Vec::new();
    let mut seen = |kind: Kind, name: &str, number: usize, word: &str| match found
        .iter_mut()
        .find(|each| each.kind == kind && each.name == name)
    {
        Some(each) => each.confidence = 0.4,
        None => found.push(Detected {
            kind,
            name: name.to_owned(),
            confidence: 0.3,
            evidence: vec![format!("{path}:{number}: says `{}`", word.trim())],
        }),
    };
    for (line, number) in text.lines().zip(1..) {
        let line = line.to_lowercase();
        // Between backticks are values and names: `?tag=rust` asks for no language.
        let (mut prose, mut codes) = (String::new(), Vec::new());
        for (part, index) in line.split('`').zip(0..) {
            if index % 2 == 0 {
                prose.push_str(part);
            } else {
                codes.push(part);
            }
            prose.push(' ');
        }
        for (word, kind, name) in WORDS {
            let whole = prose.match_indices(word).any(|(at, _)| {
                let before = prose[..at].chars().next_back();
                let after = prose[at + word.len()..].chars().next();
                let outside = |character: Option<char>| character.is_none_or(|character| !character.is_alphanumeric());
                outside(before) && outside(after)
            });
            if whole {
                seen(*kind, name, number, word);
            }
        }
        // A name alone between backticks is still a name: in `Python`.
        for (word, kind, name) in WORDS.iter().filter(|(word, kind, _)| *kind == Kind::Language && codes.contains(word))
        {
            seen(*kind, name, number, word);
        }
        let commands = codes.iter().copied().chain([line.trim_start_matches([' ', '$'])]);
        for command in commands {
            if let Some((word, name)) = COMMANDS.iter().find(|(word, _)| command.starts_with(word)) {
                seen(Kind::Language, name, number, word);
            }
        }
    }
    found.sort_by_key(|each| each.kind);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_code_are_no_languages_and_commands_are() {
        let names = |text: &str| detect("README.md", text).into_iter().map(|each| each.name).collect::<Vec<_>>();
        assert_eq!(names("`?tag=rust` narrows it down; started with `node src/main.js`."), ["JavaScript"]);
        assert_eq!(names("A service in `Python` with FastAPI."), ["Python", "FastAPI"]);
        assert_eq!(names("    $ cargo run\n"), ["Rust"]);
    }
}
