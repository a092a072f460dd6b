//! What source code shows to its users: environment variables, flags, routes, configuration keys.
//!
//! It is found by pattern, not by compiling: the frameworks people use write these things plainly. What is missed makes
//! no finding; what is seen is nearly always real, which the page of false positives measures.

use std::collections::HashMap;

use regex::Regex;

pub mod openapi;
pub(crate) mod patterns;
pub mod routes;

pub use routes::Route;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    Rust,
    Python,
    JavaScript,
    Go,
    Java,
    CSharp,
    Php,
    Ruby,
}

impl Language {
    pub fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "rs" => Self::Rust,
            "py" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte" => Self::JavaScript,
            "go" => Self::Go,
            "java" | "kt" | "kts" => Self::Java,
            "cs" => Self::CSharp,
            "php" => Self::Php,
            "rb" => Self::Ruby,
            _ => return None,
        })
    }
}

/// True for the path of a source file.
pub fn is_code(path: &str) -> bool {
    Language::of(&crate::text::paths::extension(path)).is_some()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub name: String,
    pub line: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub variables: Vec<Use>,
    pub flags: Vec<Use>,
    pub keys: Vec<Use>,
    pub routes: Vec<Route>,
    /// Paths under which routers are mounted, here or in other files.
    pub mounts: Vec<String>,
}

impl Facts {
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
            && self.flags.is_empty()
            && self.keys.is_empty()
            && self.routes.is_empty()
            && self.mounts.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Variable,
    /// Group 1 holds several names, separated by commas.
    Variables,
    Flag,
    /// A Rust field or the like, whose `_` becomes `-`.
    FlagField,
    Key,
    /// Group 1 is a block whose `name:` fields are keys.
    KeyBlock,
    /// Group `m` is the method, group `p` the path, group `r` the router it is given to.
    Route,
    /// The same for a call that others make too: it counts only for a router that the file makes.
    RouteOfRouter,
    /// Group `n` is a router of this file.
    Router,
    /// Group `n` is a router whose routes begin with `p`, under the router `o`.
    Group,
    /// Group `p` is a path under which routers are mounted.
    Mount,
    /// Group `p` has the usual five routes.
    Resource,
    /// Group `p` goes before every route of the file; `[controller]` in it is the name of the class, group `c`.
    Prefix,
}

struct Pattern {
    fact: Fact,
    /// Without this text in the file the expression is not tried.
    needle: &'static str,
    expression: Regex,
}

/// Tests, examples and benchmarks read settings that users never see.
pub fn is_test(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let name = crate::text::paths::name(&path);
    // In Java `com.example` is a package, and no example.
    let folders = path.find("src/main/").map_or(path.as_str(), |at| &path[..at + 9]);
    folders.split('/').rev().skip(1).any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "testing"
                | "__tests__"
                | "__mocks__"
                | "spec"
                | "specs"
                | "e2e"
                | "example"
                | "examples"
                | "bench"
                | "benches"
                | "benchmark"
                | "benchmarks"
                | "fixtures"
                | "testdata"
                | "mocks"
                | "fuzz"
                | "demo"
                | "demos"
                | "playground"
                | "playgrounds"
                | "integration"
                | "scripts"
                | "tools"
                | "ci"
                | ".github"
                | "docs"
                | "doc"
                | "cypress"
                | "xtask"
        )
    }) || name.contains("fixture")
        || name.ends_with("_test.go")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.starts_with("test_")
        || name.starts_with("conftest")
        || name.ends_with("_test.py")
        || name.ends_with("_spec.rb")
        || name.ends_with("_test.rb")
        || name.ends_with("test.java")
        || name.ends_with("tests.java")
        || name.ends_with("tests.cs")
        || name.ends_with("test.php")
        || matches!(name, "build.rs" | "setup.py" | "noxfile.py" | "tasks.py" | "gulpfile.js" | "gruntfile.js")
        || name.contains(".config.")
}

/// Reads one source file.
pub fn read(language: Language, text: &str) -> Facts {
    let mut facts = Facts::default();
    let text = without_unit_tests(language, text);
    let mut lines = None;
    let mut prefix: Option<(usize, String)> = None;
    let mut routers: HashMap<&str, String> = HashMap::new();
    for pattern in patterns::of(language) {
        if memchr::memmem::find(text.as_bytes(), pattern.needle.as_bytes()).is_none() {
            continue;
        }
        let lines = lines.get_or_insert_with(|| crate::text::Lines::new(text));
        for found in pattern.expression.captures_iter(text) {
            let whole = found.get(0).expect("group 0 is the match");
            if is_comment(text, whole.start(), language) {
                continue;
            }
            let group = found.get(1).map_or("", |group| group.as_str());
            let line = lines.line(found.get(1).map_or(whole.start(), |group| group.start()));
            let named = |name: &str| found.name(name).map(|group| group.as_str());
            match pattern.fact {
                Fact::Variable => facts.variables.push(Use { name: group.to_owned(), line }),
                Fact::Variables => {
                    for name in group.split(',').filter_map(|part| part.split([':', '=']).next()).map(str::trim) {
                        if is_variable(name) {
                            facts.variables.push(Use { name: name.to_owned(), line });
                        }
                    }
                }
                Fact::Flag => facts.flags.push(Use { name: group.trim_start_matches('-').to_owned(), line }),
                Fact::FlagField => facts.flags.push(Use { name: group.replace('_', "-"), line }),
                Fact::Key => facts.keys.push(Use { name: group.to_owned(), line }),
                Fact::KeyBlock => {
                    let start = found.get(1).map_or(0, |group| group.start());
                    let prefix = patterns::variable_prefix(group);
                    patterns::fields(language, group, |name, offset| {
                        let line = lines.line(start + offset);
                        match prefix {
                            Some(prefix) => {
                                facts
                                    .variables
                                    .push(Use { name: format!("{prefix}{name}").to_ascii_uppercase(), line });
                            }
                            None => facts.keys.push(Use { name: name.to_owned(), line }),
                        }
                    });
                }
                Fact::Prefix => {
                    let class = named("c").unwrap_or_default();
                    let class = class.strip_suffix("Controller").unwrap_or(class).to_ascii_lowercase();
                    prefix =
                        prefix.or_else(|| named("p").map(|path| (whole.start(), path.replace("[controller]", &class))));
                }
                Fact::Router => {
                    routers.entry(named("n").unwrap_or_default()).or_default();
                }
                Fact::Group => {
                    let outer = named("o").and_then(|owner| routers.get(owner)).map_or("", String::as_str);
                    let mut path = routes::join(outer, named("p").unwrap_or_default());
                    // Groups of groups, made in one expression.
                    for inner in named("t").unwrap_or_default().split('"').skip(1).step_by(2) {
                        path = routes::join(&path, inner);
                    }
                    facts.mounts.push(path.clone());
                    routers.insert(named("n").unwrap_or_default(), path);
                }
                Fact::Mount => facts.mounts.push(named("p").unwrap_or_default().to_owned()),
                Fact::Resource => facts.routes.extend(routes::resource(named("p").unwrap_or_default(), line)),
                // A path for a whole class is no route of its own.
                Fact::Route if prefix.as_ref().is_some_and(|(at, _)| *at == whole.start()) => {}
                Fact::Route | Fact::RouteOfRouter => {
                    let router = named("r").and_then(|name| routers.get(name));
                    if pattern.fact == Fact::RouteOfRouter
                        && router.is_none()
                        && !named("r").is_some_and(patterns::is_router)
                    {
                        continue;
                    }
                    let path = routes::join(router.map_or("", String::as_str), named("p").unwrap_or_default());
                    // The path may stand in another annotation, which is read by itself.
                    let implied = named("p").is_none() && pattern.needle == "@Path";
                    for method in routes::methods(named("m").unwrap_or("ANY")) {
                        facts.routes.push(Route { method, path: path.clone(), line, implied });
                    }
                }
            }
        }
    }
    if let Some((_, prefix)) = prefix {
        for route in &mut facts.routes {
            route.path = routes::join(&prefix, &route.path);
        }
        facts.mounts.push(prefix);
    }
    facts.variables.retain(|variable| is_variable(&variable.name) && !is_common(&variable.name));
    facts.routes.retain(|route| routes::is_plain(&route.path));
    facts.mounts.retain(|path| routes::is_plain(path));
    facts
}

/// Rust keeps unit tests in the file; what they read is nobody's setting.
fn without_unit_tests(language: Language, text: &str) -> &str {
    match language {
        Language::Rust => text.find("#[cfg(test)]").map_or(text, |at| &text[..at]),
        _ => text,
    }
}

fn is_comment(text: &str, offset: usize, language: Language) -> bool {
    // Lines of generated code may be megabytes long; a comment that starts further back than this is not noticed.
    let mut from = offset.saturating_sub(2_000);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let start = text[from..offset].rfind('\n').map_or(from, |at| from + at + 1);
    let before = text[start..offset].trim_start();
    match language {
        Language::Python | Language::Ruby => before.starts_with('#') || before.starts_with(">>>"),
        Language::Php => before.starts_with("//") || before.starts_with('*') || before.starts_with("# "),
        _ => before.starts_with("//") || before.starts_with('*') || before.starts_with("/*") || before.contains(" // "),
    }
}

pub fn is_variable(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Variables that belong to the system, the shell or the build tool, not to the program.
pub fn is_common(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "PATH",
        "HOME",
        "USER",
        "USERNAME",
        "USERPROFILE",
        "LOGNAME",
        "SHELL",
        "TERM",
        "TERM_PROGRAM",
        "COLORTERM",
        "PWD",
        "OLDPWD",
        "CI",
        "TMP",
        "TEMP",
        "TMPDIR",
        "LANG",
        "LANGUAGE",
        "TZ",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "DISPLAY",
        "HOSTNAME",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "LINES",
        "NODE_ENV",
        "NODE_DEBUG",
        "NODE_OPTIONS",
        "NODE_PATH",
        "DEBUG",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "PYTHONHOME",
        "OUT_DIR",
        "TARGET",
        "HOST",
        "PROFILE",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "GOPATH",
        "GOROOT",
        "GOOS",
        "GOARCH",
        "JAVA_HOME",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMFILES",
        "SYSTEMROOT",
        "WINDIR",
        "COMSPEC",
        "PATHEXT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "PREFIX",
        "MSYSTEM",
        "WSL_DISTRO_NAME",
        "DEV",
        "PROD",
        "MODE",
        "SSR",
        "BASE_URL",
        "REQUEST_METHOD",
        "QUERY_STRING",
        "RACK_ENV",
        "RAILS_ENV",
        "BUNDLE_GEMFILE",
        "PS1",
        "BROWSER",
        "SUDO_USER",
        "INIT_CWD",
        "DJANGO_SETTINGS_MODULE",
        "FLASK_APP",
        "FLASK_ENV",
        "FLASK_DEBUG",
        "ASPNETCORE_ENVIRONMENT",
        "ASPNETCORE_URLS",
        "DOTNET_ENVIRONMENT",
        "SPRING_PROFILES_ACTIVE",
        "GIN_MODE",
    ];
    const PREFIXES: &[&str] = &[
        "CARGO_",
        "NODE_",
        "PYTHON",
        "XDG_",
        "LC_",
        "GITHUB_",
        "GITLAB_",
        "CI_",
        "npm_",
        "VERCEL_",
        "DEP_",
        "SYSTEMD_",
        "VSCODE_",
        "DBUS_",
        "SSH_",
        "JEST_",
        "VITEST_",
        "PYTEST_",
        "TRAVIS_",
        "CIRCLE",
        "APPVEYOR",
        "BUILDKITE",
        "TEAMCITY",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(language: Language, text: &str) -> Vec<String> {
        read(language, text).variables.into_iter().map(|variable| variable.name).collect()
    }

    fn flags(language: Language, text: &str) -> Vec<String> {
        read(language, text).flags.into_iter().map(|flag| flag.name).collect()
    }

    fn keys(language: Language, text: &str) -> Vec<String> {
        read(language, text).keys.into_iter().map(|key| key.name).collect()
    }

    fn paths(language: Language, text: &str) -> Vec<String> {
        read(language, text).routes.into_iter().map(|route| format!("{} {}", route.method, route.path)).collect()
    }

    #[test]
    fn variables_of_every_language() {
        assert_eq!(variables(Language::Rust, "Command::new(\"git\").env(\"GIT_DIR\", x)"), [""; 0]);
        assert_eq!(
            variables(Language::Rust, "let x = env::var(\"A_B\"); #[arg(env = \"C_D\")] // env::var(\"NO\")\n"),
            ["A_B", "C_D"]
        );
        assert_eq!(variables(Language::Rust, "// env::var(\"A_B\")\n#[cfg(test)]\nenv::var(\"T_T\")"), [""; 0]);
        assert_eq!(
            variables(Language::Python, "os.environ['A_B']\nos.getenv(\"C_D\")\nos.environ.get('E_F')\n"),
            ["A_B", "E_F", "C_D"]
        );
        assert_eq!(
            variables(
                Language::JavaScript,
                "process.env.A_B; const { C_D, E_F = 1 } = process.env; import.meta.env.VITE_X"
            ),
            ["A_B", "VITE_X", "C_D", "E_F"]
        );
        assert_eq!(
            variables(Language::Go, "os.Getenv(\"A_B\"); os.LookupEnv(\"C_D\"); X string `env:\"E_F\"`"),
            ["A_B", "C_D", "E_F"]
        );
        assert_eq!(variables(Language::Java, "System.getenv(\"A_B\")"), ["A_B"]);
        assert_eq!(variables(Language::CSharp, "Environment.GetEnvironmentVariable(\"A_B\")"), ["A_B"]);
        assert_eq!(variables(Language::Php, "getenv('A_B'); $_ENV['C_D']; env('E_F', 1)"), ["A_B", "C_D", "E_F"]);
        assert_eq!(variables(Language::Ruby, "ENV['A_B']\nENV.fetch(\"C_D\")"), ["A_B", "C_D"]);
    }

    #[test]
    fn settings_classes_with_a_prefix_are_variables() {
        let text =
            "class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix=\"SHOP_\")\n\n    db_url: str\n";
        assert_eq!(variables(Language::Python, text), ["SHOP_DB_URL"]);
        assert_eq!(variables(Language::Python, &text.replace('\n', "\r\n")), ["SHOP_DB_URL"]);
    }

    #[test]
    fn flags_of_every_language() {
        assert_eq!(
            flags(
                Language::Rust,
                "#[derive(Parser)]\nstruct A {\n    /// Doc.\n    #[arg(short, long)]\n    dry_run: bool,\n    #[arg(long = \"max-size\")]\n    m: u8,\n}"
            ),
            ["max-size", "dry-run"]
        );
        assert_eq!(
            flags(Language::Python, "parser.add_argument('-v', '--verbose')\n@click.option(\"--out-dir\")"),
            ["verbose", "out-dir"]
        );
        assert_eq!(
            flags(
                Language::JavaScript,
                "program.option('-p, --port <n>', 'x').option('--dry-run').option('--logLevel <level>')"
            ),
            ["port", "dry-run", "logLevel"]
        );
        assert_eq!(
            flags(
                Language::Go,
                "flag.String(\"addr\", \"\", \"\")\ncmd.Flags().StringVarP(&x, \"out\", \"o\", \"\", \"\")"
            ),
            ["addr", "out"]
        );
        assert_eq!(flags(Language::Java, "@Option(names = {\"-v\", \"--verbose\"})"), ["verbose"]);
        assert_eq!(flags(Language::CSharp, "new Option<string>(\"--out\")"), ["out"]);
        assert_eq!(flags(Language::Php, "$this->addOption('force', 'f')"), ["force"]);
        assert_eq!(flags(Language::Ruby, "opts.on('-v', '--verbose') { }"), ["verbose"]);
    }

    #[test]
    fn routes_of_every_language() {
        assert_eq!(
            paths(Language::Rust, "#[utoipa::path(post, path = \"/v1/channels/{id}\", responses())]"),
            ["POST /v1/channels/{id}"]
        );
        assert_eq!(
            paths(Language::Rust, ".route(\"/users/{id}\", get(show).post(edit))\n#[get(\"/a/b\")]"),
            ["GET /users/{id}", "POST /users/{id}", "GET /a/b"]
        );
        assert_eq!(
            paths(
                Language::Python,
                "@app.get(\"/items/{id}\")\n@bp.route('/x/y', methods=['POST', 'PUT'])\npath('polls/<int:pk>/', views.x)"
            ),
            ["GET /items/{id}", "POST /x/y", "PUT /x/y", "ANY polls/<int:pk>/"]
        );
        assert_eq!(
            paths(Language::JavaScript, "app.get('/a/:id', h); router.post(\"/b\", h)"),
            ["GET /a/:id", "POST /b"]
        );
        assert_eq!(
            paths(Language::JavaScript, "@Controller('cats')\nclass C { @Get(':id') x() {} @Post() y() {} }"),
            ["GET cats/:id", "POST cats"]
        );
        assert_eq!(
            paths(Language::Go, "r.GET(\"/a\", h)\nmux.HandleFunc(\"POST /b/{id}\", h)\nhttp.HandleFunc(\"/c\", h)"),
            ["GET /a", "POST /b/{id}", "ANY /c"]
        );
        assert_eq!(
            paths(Language::Java, "@RequestMapping(\"/api\")\nclass C { @GetMapping(\"/x/{id}\") void x(){} }"),
            ["GET /api/x/{id}"]
        );
        assert_eq!(
            paths(Language::CSharp, "app.MapGet(\"/x\", () => 1); [HttpPost(\"y/{id}\")]"),
            ["GET /x", "POST y/{id}"]
        );
        assert_eq!(
            paths(Language::Php, "Route::get('/x/{id}', [C::class, 'x']);\n$app->post('/y', f);"),
            ["GET /x/{id}", "POST /y"]
        );
        assert_eq!(paths(Language::Ruby, "get '/x/:id', to: 'x#y'\npost 'yy' do"), ["GET /x/:id", "POST yy"]);
    }

    #[test]
    fn routers_carry_their_prefix_and_strangers_are_no_routers() {
        assert_eq!(
            paths(Language::Python, "router = APIRouter(prefix=\"/p\")\n@router.delete(\n    \"/{id}\",\n)\n"),
            ["DELETE /p/{id}"]
        );
        assert_eq!(
            paths(Language::JavaScript, "const clubs = Router();\nclubs.get('/x', h);\naxios.get('/theirs', {});"),
            ["GET /x"]
        );
        assert_eq!(
            paths(Language::Go, "v2 := r.Group(\"/api\").Group(\"/v2\")\np := v2.Group(\"/p\")\np.GET(\"/:id\", h)\n"),
            ["GET /api/v2/p/:id"]
        );
        assert_eq!(
            paths(
                Language::CSharp,
                "[Route(\"api/[controller]\")]\npublic class PeopleController\n{ [HttpGet] [HttpPost(\"{id}\")] }"
            ),
            ["GET api/people", "POST api/people/{id}"]
        );
        let mounts = read(Language::JavaScript, "app.use('/api/clubs', clubs);").mounts;
        assert_eq!(mounts, ["/api/clubs"]);
    }

    #[test]
    fn keys_of_every_language() {
        assert_eq!(
            keys(
                Language::Rust,
                "#[derive(Deserialize)]\npub struct ServerConfig {\n    pub bind_address: String,\n    port: u16,\n}"
            ),
            ["bind_address", "port"]
        );
        assert_eq!(
            keys(
                Language::Python,
                "class Settings(BaseSettings):\n    db_url: str\n    debug_mode: bool = False\n\n    def x(self):\n        pass\n"
            ),
            ["db_url", "debug_mode"]
        );
        assert_eq!(keys(Language::JavaScript, "config.get('server.port')"), ["server.port"]);
        assert_eq!(keys(Language::Go, "viper.GetString(\"server.port\")"), ["server.port"]);
        assert_eq!(keys(Language::Java, "@Value(\"${shop.mail.from:x}\")"), ["shop.mail.from"]);
        assert_eq!(keys(Language::CSharp, "Configuration[\"Mail:From\"]"), ["Mail:From"]);
        assert_eq!(keys(Language::Php, "config('mail.from')"), ["mail.from"]);
        assert_eq!(keys(Language::Ruby, "Rails.configuration.x.mail_from"), ["mail_from"]);
    }
}
