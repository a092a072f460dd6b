//! Names of dependencies, images and files, and what they mean. Adding one is adding a line.

use super::Kind::{self, Ci, Cli, Container, Database, Framework, Frontend, Monorepo, PackageManager, TestFramework};
use crate::{manifest::Ecosystem, text::paths};

type Line = (&'static str, Kind, &'static str);

const CARGO: &[Line] = &[
    ("axum", Framework, "axum"),
    ("actix-web", Framework, "Actix Web"),
    ("rocket", Framework, "Rocket"),
    ("warp", Framework, "warp"),
    ("poem", Framework, "Poem"),
    ("salvo", Framework, "Salvo"),
    ("tonic", Framework, "tonic"),
    ("leptos", Frontend, "Leptos"),
    ("yew", Frontend, "Yew"),
    ("dioxus", Frontend, "Dioxus"),
    ("clap", Cli, "clap"),
    ("sqlx", Database, "SQL"),
    ("diesel", Database, "SQL"),
    ("sea-orm", Database, "SQL"),
    ("tokio-postgres", Database, "PostgreSQL"),
    ("rusqlite", Database, "SQLite"),
    ("redis", Database, "Redis"),
    ("mongodb", Database, "MongoDB"),
    ("rstest", TestFramework, "rstest"),
    ("proptest", TestFramework, "proptest"),
    ("insta", TestFramework, "insta"),
];
const PYTHON: &[Line] = &[
    ("fastapi", Framework, "FastAPI"),
    ("flask", Framework, "Flask"),
    ("django", Framework, "Django"),
    ("starlette", Framework, "Starlette"),
    ("aiohttp", Framework, "aiohttp"),
    ("tornado", Framework, "Tornado"),
    ("litestar", Framework, "Litestar"),
    ("sanic", Framework, "Sanic"),
    ("djangorestframework", Framework, "Django REST framework"),
    ("click", Cli, "Click"),
    ("typer", Cli, "Typer"),
    ("psycopg", Database, "PostgreSQL"),
    ("psycopg2", Database, "PostgreSQL"),
    ("psycopg2-binary", Database, "PostgreSQL"),
    ("asyncpg", Database, "PostgreSQL"),
    ("pymysql", Database, "MySQL"),
    ("mysqlclient", Database, "MySQL"),
    ("redis", Database, "Redis"),
    ("pymongo", Database, "MongoDB"),
    ("motor", Database, "MongoDB"),
    ("sqlalchemy", Database, "SQL"),
    ("aiosqlite", Database, "SQLite"),
    ("pytest", TestFramework, "pytest"),
    ("hypothesis", TestFramework, "Hypothesis"),
    ("nose2", TestFramework, "nose2"),
];
const NODE: &[Line] = &[
    ("express", Framework, "Express"),
    ("fastify", Framework, "Fastify"),
    ("koa", Framework, "Koa"),
    ("@nestjs/core", Framework, "NestJS"),
    ("hono", Framework, "Hono"),
    ("@hapi/hapi", Framework, "hapi"),
    ("next", Frontend, "Next.js"),
    ("nuxt", Frontend, "Nuxt"),
    ("react", Frontend, "React"),
    ("vue", Frontend, "Vue"),
    ("svelte", Frontend, "Svelte"),
    ("@angular/core", Frontend, "Angular"),
    ("solid-js", Frontend, "SolidJS"),
    ("astro", Frontend, "Astro"),
    ("commander", Cli, "Commander"),
    ("yargs", Cli, "yargs"),
    ("@oclif/core", Cli, "oclif"),
    ("pg", Database, "PostgreSQL"),
    ("postgres", Database, "PostgreSQL"),
    ("mysql2", Database, "MySQL"),
    ("mongodb", Database, "MongoDB"),
    ("mongoose", Database, "MongoDB"),
    ("redis", Database, "Redis"),
    ("ioredis", Database, "Redis"),
    ("better-sqlite3", Database, "SQLite"),
    ("sqlite3", Database, "SQLite"),
    ("@prisma/client", Database, "SQL"),
    ("typeorm", Database, "SQL"),
    ("jest", TestFramework, "Jest"),
    ("vitest", TestFramework, "Vitest"),
    ("mocha", TestFramework, "Mocha"),
    ("ava", TestFramework, "AVA"),
    ("@playwright/test", TestFramework, "Playwright"),
    ("cypress", TestFramework, "Cypress"),
    ("lerna", Monorepo, "Lerna"),
    ("nx", Monorepo, "Nx"),
    ("turbo", Monorepo, "Turborepo"),
];
const GO: &[Line] = &[
    ("github.com/gin-gonic/gin", Framework, "Gin"),
    ("github.com/labstack/echo", Framework, "Echo"),
    ("github.com/gofiber/fiber", Framework, "Fiber"),
    ("github.com/go-chi/chi", Framework, "chi"),
    ("github.com/gorilla/mux", Framework, "Gorilla mux"),
    ("google.golang.org/grpc", Framework, "gRPC"),
    ("github.com/spf13/cobra", Cli, "Cobra"),
    ("github.com/urfave/cli", Cli, "urfave/cli"),
    ("github.com/jackc/pgx", Database, "PostgreSQL"),
    ("github.com/lib/pq", Database, "PostgreSQL"),
    ("github.com/go-sql-driver/mysql", Database, "MySQL"),
    ("github.com/redis/go-redis", Database, "Redis"),
    ("go.mongodb.org/mongo-driver", Database, "MongoDB"),
    ("github.com/mattn/go-sqlite3", Database, "SQLite"),
    ("gorm.io/gorm", Database, "SQL"),
    ("github.com/stretchr/testify", TestFramework, "testify"),
    ("github.com/onsi/ginkgo", TestFramework, "Ginkgo"),
];
const JVM: &[Line] = &[
    ("spring-boot-starter-web", Framework, "Spring Boot"),
    ("spring-boot-starter-webflux", Framework, "Spring Boot"),
    ("spring-boot-starter-parent", Framework, "Spring Boot"),
    ("org.springframework.boot", Framework, "Spring Boot"),
    ("spring-webmvc", Framework, "Spring MVC"),
    ("ktor-server-core", Framework, "Ktor"),
    ("io.quarkus", Framework, "Quarkus"),
    ("quarkus-rest", Framework, "Quarkus"),
    ("quarkus-resteasy", Framework, "Quarkus"),
    ("micronaut-http-server-netty", Framework, "Micronaut"),
    ("jersey-server", Framework, "Jersey"),
    ("javalin", Framework, "Javalin"),
    ("picocli", Cli, "picocli"),
    ("commons-cli", Cli, "Commons CLI"),
    ("postgresql", Database, "PostgreSQL"),
    ("mysql-connector-j", Database, "MySQL"),
    ("mysql-connector-java", Database, "MySQL"),
    ("spring-boot-starter-data-jpa", Database, "SQL"),
    ("spring-boot-starter-data-redis", Database, "Redis"),
    ("jedis", Database, "Redis"),
    ("mongodb-driver-sync", Database, "MongoDB"),
    ("h2", Database, "H2"),
    ("junit", TestFramework, "JUnit"),
    ("junit-jupiter", TestFramework, "JUnit"),
    ("junit-jupiter-api", TestFramework, "JUnit"),
    ("testng", TestFramework, "TestNG"),
    ("spring-boot-starter-test", TestFramework, "JUnit"),
];
const DOTNET: &[Line] = &[
    ("Microsoft.NET.Sdk.Web", Framework, "ASP.NET Core"),
    ("Microsoft.AspNetCore.App", Framework, "ASP.NET Core"),
    ("Microsoft.NET.Sdk.BlazorWebAssembly", Frontend, "Blazor"),
    ("System.CommandLine", Cli, "System.CommandLine"),
    ("CommandLineParser", Cli, "CommandLineParser"),
    ("Npgsql", Database, "PostgreSQL"),
    ("Npgsql.EntityFrameworkCore.PostgreSQL", Database, "PostgreSQL"),
    ("Microsoft.Data.SqlClient", Database, "SQL Server"),
    ("Microsoft.EntityFrameworkCore.SqlServer", Database, "SQL Server"),
    ("Microsoft.Data.Sqlite", Database, "SQLite"),
    ("Microsoft.EntityFrameworkCore.Sqlite", Database, "SQLite"),
    ("StackExchange.Redis", Database, "Redis"),
    ("MongoDB.Driver", Database, "MongoDB"),
    ("xunit", TestFramework, "xUnit"),
    ("xunit.v3", TestFramework, "xUnit"),
    ("NUnit", TestFramework, "NUnit"),
    ("MSTest.TestFramework", TestFramework, "MSTest"),
];
const PHP: &[Line] = &[
    ("laravel/framework", Framework, "Laravel"),
    ("symfony/framework-bundle", Framework, "Symfony"),
    ("slim/slim", Framework, "Slim"),
    ("cakephp/cakephp", Framework, "CakePHP"),
    ("symfony/console", Cli, "Symfony Console"),
    ("doctrine/orm", Database, "SQL"),
    ("doctrine/dbal", Database, "SQL"),
    ("predis/predis", Database, "Redis"),
    ("mongodb/mongodb", Database, "MongoDB"),
    ("ext-pdo_pgsql", Database, "PostgreSQL"),
    ("phpunit/phpunit", TestFramework, "PHPUnit"),
    ("pestphp/pest", TestFramework, "Pest"),
];
const RUBY: &[Line] = &[
    ("rails", Framework, "Rails"),
    ("sinatra", Framework, "Sinatra"),
    ("hanami", Framework, "Hanami"),
    ("grape", Framework, "Grape"),
    ("roda", Framework, "Roda"),
    ("thor", Cli, "Thor"),
    ("pg", Database, "PostgreSQL"),
    ("mysql2", Database, "MySQL"),
    ("sqlite3", Database, "SQLite"),
    ("redis", Database, "Redis"),
    ("mongoid", Database, "MongoDB"),
    ("rspec", TestFramework, "RSpec"),
    ("rspec-rails", TestFramework, "RSpec"),
    ("minitest", TestFramework, "Minitest"),
];

pub(super) fn of(ecosystem: Ecosystem, dependency: &str) -> impl Iterator<Item = (Kind, &'static str)> {
    let lines = match ecosystem {
        Ecosystem::Cargo => CARGO,
        Ecosystem::Python => PYTHON,
        Ecosystem::Node => NODE,
        Ecosystem::Go => GO,
        Ecosystem::Jvm => JVM,
        Ecosystem::Dotnet => DOTNET,
        Ecosystem::Php => PHP,
        Ecosystem::Ruby => RUBY,
        Ecosystem::Tasks => &[],
    };
    // Go puts the major version into the name: `github.com/labstack/echo/v4`.
    let dependency = if ecosystem == Ecosystem::Go {
        match dependency.rsplit_once("/v") {
            Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => dependency,
        }
    } else {
        dependency
    };
    let dependency = dependency.to_owned();
    lines.iter().filter(move |(name, ..)| *name == dependency).map(|(_, kind, name)| (*kind, *name))
}

pub(super) fn of_image(image: &str) -> Option<&'static str> {
    let image = image.trim().trim_matches(['"', '\'']);
    let name = image.rsplit('/').next().unwrap_or(image).split([':', '@', ' ']).next().unwrap_or_default();
    Some(match name {
        "postgres" | "postgresql" | "postgis" | "timescaledb" | "pgvector" => "PostgreSQL",
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        "redis" | "valkey" | "redis-stack" => "Redis",
        "mongo" | "mongodb" => "MongoDB",
        "elasticsearch" | "opensearch" => "Elasticsearch",
        "clickhouse-server" | "clickhouse" => "ClickHouse",
        "cassandra" => "Cassandra",
        "server" if image.contains("mssql") => "SQL Server",
        "rabbitmq" => "RabbitMQ",
        _ => return None,
    })
}

/// What the mere presence of a file shows.
pub(super) fn of_file(path: &str) -> Vec<(Kind, &'static str, f64)> {
    let name = paths::name(path);
    let at_root = !path.contains('/');
    let workflow = path.starts_with(".github/workflows/") && matches!(paths::extension(path).as_str(), "yml" | "yaml");
    match name {
        _ if workflow => vec![(Ci, "GitHub Actions", 0.95)],
        ".gitlab-ci.yml" if at_root => vec![(Ci, "GitLab CI", 0.95)],
        "Jenkinsfile" if at_root => vec![(Ci, "Jenkins", 0.95)],
        "azure-pipelines.yml" => vec![(Ci, "Azure Pipelines", 0.9)],
        ".travis.yml" if at_root => vec![(Ci, "Travis CI", 0.9)],
        "bitbucket-pipelines.yml" if at_root => vec![(Ci, "Bitbucket Pipelines", 0.95)],
        "config.yml" if path.starts_with(".circleci/") => vec![(Ci, "CircleCI", 0.95)],
        "docker-compose.yml" | "docker-compose.yaml" | "compose.yml" | "compose.yaml" => {
            vec![(Container, "Docker Compose", 0.95)]
        }
        "Containerfile" => vec![(Container, "Podman", 0.9)],
        "Chart.yaml" => vec![(Container, "Helm", 0.9)],
        "kustomization.yaml" => vec![(Container, "Kubernetes", 0.9)],
        "pnpm-lock.yaml" => vec![(PackageManager, "pnpm", 0.95)],
        "pnpm-workspace.yaml" => vec![(PackageManager, "pnpm", 0.9), (Monorepo, "pnpm workspace", 0.95)],
        "yarn.lock" => vec![(PackageManager, "Yarn", 0.95)],
        "package-lock.json" => vec![(PackageManager, "npm", 0.95)],
        "bun.lockb" | "bun.lock" => vec![(PackageManager, "Bun", 0.95)],
        "uv.lock" => vec![(PackageManager, "uv", 0.95)],
        "poetry.lock" => vec![(PackageManager, "Poetry", 0.95)],
        "Pipfile.lock" => vec![(PackageManager, "Pipenv", 0.9)],
        "lerna.json" => vec![(Monorepo, "Lerna", 0.9)],
        "nx.json" => vec![(Monorepo, "Nx", 0.9)],
        "turbo.json" => vec![(Monorepo, "Turborepo", 0.9)],
        "go.work" => vec![(Monorepo, "go workspace", 0.95)],
        "manage.py" => vec![(Framework, "Django", 0.5)],
        _ if name == "Dockerfile" || name.starts_with("Dockerfile.") => vec![(Container, "Docker", 0.9)],
        _ => Vec::new(),
    }
}

pub(super) fn of_extension(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "rs" => "Rust",
        "py" => "Python",
        "ts" | "tsx" | "mts" => "TypeScript",
        "js" | "jsx" | "mjs" | "cjs" => "JavaScript",
        "go" => "Go",
        "java" => "Java",
        "cs" => "C#",
        "php" => "PHP",
        "rb" => "Ruby",
        _ => return None,
    })
}
