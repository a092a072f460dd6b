//! What people type to set up, build, test and run a project of a language.

use crate::stack::{Detected, Kind};

pub(super) struct Commands {
    pub(super) setup: &'static str,
    pub(super) build: &'static str,
    pub(super) test: &'static str,
    pub(super) lint: &'static str,
    pub(super) run: &'static str,
}

pub(super) fn of(language: Option<&str>, stack: &[Detected]) -> Commands {
    let has = |kind: Kind, name: &str| stack.iter().any(|each| each.kind == kind && each.name == name);
    let commands = |setup, build, test, lint, run| Commands { setup, build, test, lint, run };
    match language {
        Some("Rust") => commands(
            "cargo fetch",
            "cargo build",
            "cargo test",
            "cargo clippy --all-targets -- -D warnings",
            "cargo run",
        ),
        Some("Python") if has(Kind::PackageManager, "uv") => {
            commands("uv sync", "uv build", "uv run pytest", "uv run ruff check .", "uv run python -m app")
        }
        Some("Python") if has(Kind::PackageManager, "Poetry") => commands(
            "poetry install",
            "poetry build",
            "poetry run pytest",
            "poetry run ruff check .",
            "poetry run python -m app",
        ),
        Some("Python") => commands(
            "python -m pip install -e .",
            "python -m build",
            "python -m pytest",
            "python -m ruff check .",
            "python -m app",
        ),
        Some("TypeScript" | "JavaScript") => {
            if has(Kind::PackageManager, "pnpm") {
                commands("pnpm install", "pnpm build", "pnpm test", "pnpm lint", "pnpm start")
            } else if has(Kind::PackageManager, "Yarn") {
                commands("yarn install", "yarn build", "yarn test", "yarn lint", "yarn start")
            } else {
                commands("npm ci", "npm run build", "npm test", "npm run lint", "npm start")
            }
        }
        Some("Go") => commands("go mod download", "go build ./...", "go test ./...", "go vet ./...", "go run ."),
        Some("Java") => commands("mvn dependency:resolve", "mvn package", "mvn test", "mvn verify", "mvn exec:java"),
        Some("C#") => {
            commands("dotnet restore", "dotnet build", "dotnet test", "dotnet format --verify-no-changes", "dotnet run")
        }
        Some("PHP") => commands(
            "composer install",
            "composer dump-autoload",
            "vendor/bin/phpunit",
            "vendor/bin/phpstan analyse",
            "php -S localhost:8000",
        ),
        Some("Ruby") => commands(
            "bundle install",
            "bundle exec rake build",
            "bundle exec rake test",
            "bundle exec rubocop",
            "bundle exec ruby main.rb",
        ),
        _ => commands("make setup", "make build", "make test", "make lint", "make run"),
    }
}

/// The template of a language's agent rule.
pub(super) fn rule_name(language: &str) -> Option<&'static str> {
    Some(match language {
        "Rust" => "language-rust",
        "Python" => "language-python",
        "TypeScript" => "language-typescript",
        "JavaScript" => "language-javascript",
        "Go" => "language-go",
        "Java" => "language-java",
        "C#" => "language-csharp",
        "PHP" => "language-php",
        "Ruby" => "language-ruby",
        _ => return None,
    })
}
