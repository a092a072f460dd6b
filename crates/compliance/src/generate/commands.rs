//! What people type to set up, build, test and run a project of a language.

use crate::stack::{Detected, Kind};

/// Nothing stands for a command that the project would have to define first.
pub(super) struct Commands {
    pub(super) setup: Option<&'static str>,
    pub(super) build: Option<&'static str>,
    pub(super) test: Option<&'static str>,
    pub(super) lint: Option<&'static str>,
    pub(super) run: Option<&'static str>,
}

/// `scripts` are the names that the build file at the root defines, when there is one.
pub(super) fn of(language: Option<&str>, stack: &[Detected], scripts: Option<&[String]>) -> Commands {
    let mut commands = usual(language, stack);
    let has = |name: &str| scripts.is_some_and(|scripts| scripts.iter().any(|script| script == name));
    // Where every name is the project's own, only those that are there are told. A project without a build file yet is
    // told how to test and start it, which all of them have.
    if matches!(language, Some("TypeScript" | "JavaScript") | None) {
        commands.build = commands.build.filter(|_| has("build"));
        commands.lint = commands.lint.filter(|_| has("lint"));
        commands.test = commands.test.filter(|_| scripts.is_none() || has("test"));
        commands.run = commands.run.filter(|_| scripts.is_none() || has("start") || has("run"));
        if language.is_none() {
            commands.setup = commands.setup.filter(|_| has("setup"));
        }
    }
    commands
}

fn usual(language: Option<&str>, stack: &[Detected]) -> Commands {
    let has = |kind: Kind, name: &str| stack.iter().any(|each| each.kind == kind && each.name == name);
    let commands = |setup, build, test, lint, run| Commands {
        setup: Some(setup),
        build: Some(build),
        test: Some(test),
        lint: Some(lint),
        run: Some(run),
    };
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
                // `npm ci` takes what the lock file says, and fails where there is none.
                let setup = if has(Kind::PackageManager, "npm") { "npm ci" } else { "npm install" };
                commands(setup, "npm run build", "npm test", "npm run lint", "npm start")
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
