//! The patterns, by language. Adding a framework is adding a line here and an assertion in `code.rs`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Fact, Language, Pattern};

type Line = (Fact, &'static str, &'static str);

const RUST: &[Line] = &[
    (Fact::Variable, "env", r#"\benv(?:::var|::var_os|!)\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Variable, "env", r#"\boption_env!\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Variable, "env", r#"\benv\s*=\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Flag, "long", r#"\blong\s*(?:=\s*|\(\s*)"([a-z][a-z0-9-]+)""#),
    (
        Fact::FlagField,
        "long",
        r"#\[(?:arg|clap)\((?:[^\]=]*,\s*)?long\s*(?:,[^\]]*)?\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([a-z]+\))?\s+)?(?:r#)?([a-z][a-z0-9_]*)\s*:",
    ),
    (Fact::Route, ".route(", r#"\.route\(\s*"(?P<p>/[^"]*)"\s*,\s*(?P<m>[^;\n]*)"#),
    (Fact::Route, "#[", r#"#\[(?P<m>get|post|put|patch|delete|head|options)\(\s*"(?P<p>/[^"]*)""#),
    (
        Fact::KeyBlock,
        "Deserialize",
        r"(?s)#\[derive\([^)]*Deserialize[^)]*\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([a-z]+\))?\s+)?struct\s+\w*(?:Config|Settings|Configuration)\s*\{(.*?)\n\}",
    ),
    (
        Fact::Route,
        "utoipa::path",
        r#"#\[utoipa::path\(\s*(?P<m>get|post|put|patch|delete|head|options)\s*,\s*path\s*=\s*"(?P<p>/[^"]*)""#,
    ),
];

const PYTHON: &[Line] = &[
    (Fact::Variable, "environ", r#"\benviron(?:\.get\(|\.setdefault\(|\[)\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "getenv", r#"\bgetenv\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "env", r#"\benv(?:\.\w+)?\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "envvar", r#"\benvvar\s*=\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Flag, "add_argument", r#"\badd_argument\(\s*(?:["']-\w["']\s*,\s*)?["'](--[a-z][a-z0-9-]+)["']"#),
    (Fact::Flag, "option", r#"@(?:\w+\.)?option\(\s*(?:["']-\w["']\s*,\s*)?["'](--[a-z][a-z0-9-]+)"#),
    (Fact::Flag, "Option(", r#"\btyper\.Option\([^)\n]*?["'](--[a-z][a-z0-9-]+)"#),
    (Fact::Route, "@", r#"@\w+\.(?P<m>get|post|put|patch|delete|head|options)\(\s*["'](?P<p>/[^"']*)["']"#),
    (
        Fact::Route,
        ".route(",
        r#"@\w+\.route\(\s*["'](?P<p>/[^"']*)["'](?:[^)\n]*methods\s*=\s*[\[(](?P<m>[^\])]*)[\])])?"#,
    ),
    (Fact::Route, "path(", r#"\b(?:re_)?path\(\s*r?["'](?P<p>[\w/<>:{}.-]+)["']\s*,\s*(?:\w+\.)*\w*(?:views?|View)\b"#),
    (Fact::KeyBlock, "BaseSettings", r"class\s+\w+\((?:\w+\.)?BaseSettings\)\s*:\s*\n((?:(?:[ \t]+[^\n]*)?\n)+)"),
];

const JAVASCRIPT: &[Line] = &[
    (Fact::Variable, "env", r#"\b(?:process|Bun|import\.meta)\.env(?:\.|\[\s*["'])([A-Z][A-Z0-9_]+)"#),
    (Fact::Variable, "Deno", r#"\bDeno\.env\.get\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variables, "process.env", r"\{([^{}]+)\}\s*=\s*process\.env\b"),
    (
        Fact::Flag,
        "option",
        r#"\.(?:option|requiredOption|addOption)\(\s*(?:new Option\(\s*)?["'`](?:-\w,?\s+)?(--[a-z][a-z0-9-]+)"#,
    ),
    (Fact::Flag, "yargs", r#"\.option\(\s*["']([a-z][a-z0-9-]+)["']\s*,\s*\{"#),
    (
        Fact::Route,
        "(",
        r#"\b(?:app|router|server|fastify|api|routes?|r|hono|[a-z]+Router)\.(?P<m>get|post|put|patch|delete|head|options)\(\s*["'`](?P<p>/[^"'`]*)["'`]\s*,"#,
    ),
    (Fact::Prefix, "@Controller", r#"@Controller\(\s*["'`](?P<p>[^"'`]*)["'`]"#),
    (Fact::Route, "@", r#"@(?P<m>Get|Post|Put|Patch|Delete|Head|Options)\(\s*(?:["'`](?P<p>[^"'`]*)["'`])?\s*\)"#),
    (Fact::Key, "config", r#"\bconfig\.get\(\s*["']([A-Za-z][\w.]+)["']"#),
];

const GO: &[Line] = &[
    (Fact::Variable, "env", r#"\bos\.(?:Getenv|LookupEnv)\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Variable, "env", r#"`[^`\n]*\benv(?:config)?:"([A-Z][A-Z0-9_]+)"#),
    (Fact::Variable, "BindEnv", r#"\bBindEnv\(\s*"[^"]+"\s*,\s*"([A-Z][A-Z0-9_]+)""#),
    (
        Fact::Flag,
        "flag.",
        r#"\bp?flag\.(?:String|Bool|Int|Int64|Uint|Uint64|Float64|Duration|StringSlice)P?\(\s*"([a-z][\w-]*)""#,
    ),
    (Fact::Flag, "flag.", r#"\bp?flag\.\w+VarP?\(\s*&?[\w.]+\s*,\s*"([a-z][\w-]*)""#),
    (Fact::Flag, "Flags()", r#"\bFlags\(\)\.\w+?VarP?\(\s*&?[\w.]+\s*,\s*"([a-z][\w-]*)""#),
    (
        Fact::Flag,
        "Flags()",
        r#"\bFlags\(\)\.(?:String|Bool|Int|Int64|Uint|Float64|Duration|StringSlice|StringArray)P?\(\s*"([a-z][\w-]*)""#,
    ),
    (Fact::Flag, "Flag{", r#"\bcli\.\w+Flag\{\s*Name:\s*"([a-z][\w-]*)""#),
    (Fact::Route, "(", r#"\b\w+\.(?P<m>GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete)\(\s*"(?P<p>/[^"]*)"\s*,"#),
    (Fact::Route, "Handle", r#"\.Handle(?:Func)?\(\s*"(?:(?P<m>GET|POST|PUT|PATCH|DELETE)\s+)?(?P<p>/[^"]*)""#),
    (Fact::Key, "viper", r#"\bviper\.(?:Get\w*|SetDefault|BindEnv|BindPFlag)\(\s*"([a-z][\w.-]+)""#),
    (Fact::Key, "mapstructure", r#"`[^`\n]*\bmapstructure:"([a-z][\w-]+)"#),
];

const JAVA: &[Line] = &[
    (Fact::Variable, "getenv", r#"\bgetenv\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Flag, "@Option", r#"@Option\([^)]*?"(--[a-z][a-z0-9-]+)""#),
    (Fact::Flag, "longOpt", r#"\.longOpt\(\s*"([a-z][a-z0-9-]+)""#),
    (
        Fact::Prefix,
        "@RequestMapping",
        r#"@RequestMapping\(\s*(?:(?:value|path)\s*=\s*)?\{?\s*"(?P<p>[^"]*)"[^)]*\)\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:public\s+)?(?:final\s+)?class\b"#,
    ),
    (
        Fact::Route,
        "Mapping",
        r#"@(?P<m>Get|Post|Put|Patch|Delete)Mapping(?:\(\s*(?:(?:value|path)\s*=\s*)?\{?\s*"(?P<p>[^"]*)")?"#,
    ),
    (Fact::Key, "@Value", r#"@Value\(\s*"\$\{([a-z][\w.-]+)"#),
];

const CSHARP: &[Line] = &[
    (Fact::Variable, "GetEnvironmentVariable", r#"GetEnvironmentVariable\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Flag, "Option", r#"\bnew Option(?:<[^>]+>)?\(\s*(?:new\[\]\s*\{\s*)?(?:name:\s*)?"(--[a-z][a-z0-9-]+)""#),
    (Fact::Flag, "[Option(", r#"\[Option\(\s*(?:'\w'\s*,\s*)?"([a-z][a-z0-9-]+)""#),
    (Fact::Prefix, "[Route(", r#"\[Route\(\s*"(?P<p>[^"\[]*)"\s*\)\]"#),
    (Fact::Route, "Map", r#"\.Map(?P<m>Get|Post|Put|Patch|Delete)\(\s*"(?P<p>/[^"]*)""#),
    (Fact::Route, "[Http", r#"\[Http(?P<m>Get|Post|Put|Patch|Delete)\(\s*"(?P<p>[^"]*)""#),
    (Fact::Key, "onfiguration", r#"\b_?[cC]onfiguration\[\s*"([A-Z][\w:]+)"\s*\]"#),
    (Fact::Key, "GetValue", r#"\.GetValue<[^>]+>\(\s*"([A-Z][\w:]+)""#),
    (Fact::Key, "GetSection", r#"\.GetSection\(\s*"([A-Z][\w:]+)""#),
];

const PHP: &[Line] = &[
    (Fact::Variable, "getenv", r#"\bgetenv\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "_ENV", r#"\$_ENV\[\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "env(", r#"\benv\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Flag, "addOption", r#"->addOption\(\s*["']([a-z][a-z0-9-]+)["']"#),
    (Fact::Flag, "signature", r"\{\s*(?:\w\|)?--(?:\w\|)?([a-z][a-z0-9-]+)[=\s:}]"),
    (Fact::Route, "Route::", r#"\bRoute::(?P<m>get|post|put|patch|delete)\(\s*["'](?P<p>[^"']+)["']"#),
    (Fact::Route, "->", r#"\$(?:app|router|group)->(?P<m>get|post|put|patch|delete)\(\s*["'](?P<p>/[^"']*)["']"#),
    (
        Fact::Route,
        "#[Route",
        r#"#\[Route\(\s*(?:path:\s*)?["'](?P<p>/[^"']*)["'](?:[^\]]*methods:\s*\[(?P<m>[^\]]*)\])?"#,
    ),
    (Fact::Key, "config(", r#"\bconfig\(\s*["']([a-z][\w.-]+)["']"#),
];

const RUBY: &[Line] = &[
    (Fact::Variable, "ENV", r#"\bENV(?:\.fetch\(|\[)\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Flag, ".on(", r#"\.on\(\s*(?:["']-\w[^"']*["']\s*,\s*)?["'](--[a-z][a-z0-9-]+)"#),
    (Fact::Flag, "_option", r"\b(?:method|class)_option\s+:([a-z]\w*)"),
    (Fact::Route, " ", r#"(?m)^\s*(?P<m>get|post|put|patch|delete)\s+["'](?P<p>/?[\w:/-]+)["']\s*(?:,\s*to:|=>|do\b)"#),
    (Fact::Key, "configuration", r"\bRails\.(?:application\.config|configuration)\.x\.([a-z]\w*)"),
];

fn compile(lines: &[Line]) -> Vec<Pattern> {
    lines
        .iter()
        .map(|(fact, needle, expression)| Pattern {
            fact: *fact,
            needle,
            expression: Regex::new(expression)
                .unwrap_or_else(|error| panic!("the pattern {expression} is wrong: {error}")),
        })
        .collect()
}

pub(super) fn of(language: Language) -> &'static [Pattern] {
    macro_rules! compiled {
        ($lines:expr) => {{
            static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| compile($lines));
            &PATTERNS
        }};
    }
    match language {
        Language::Rust => compiled!(RUST),
        Language::Python => compiled!(PYTHON),
        Language::JavaScript => compiled!(JAVASCRIPT),
        Language::Go => compiled!(GO),
        Language::Java => compiled!(JAVA),
        Language::CSharp => compiled!(CSHARP),
        Language::Php => compiled!(PHP),
        Language::Ruby => compiled!(RUBY),
    }
}

/// The fields of a settings type, with their offset in its body.
pub(super) fn fields(language: Language, body: &str, mut seen: impl FnMut(&str, usize)) {
    static RUST_FIELD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^ {4}(?:pub(?:\([a-z]+\))?\s+)?(?:r#)?([a-z][a-z0-9_]*)\s*:").expect("the pattern is right")
    });
    static PYTHON_FIELD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)^ {4}([a-zA-Z]\w*)\s*:\s*[^\n]+$").expect("the pattern is right"));
    let expression = if language == Language::Rust { &RUST_FIELD } else { &PYTHON_FIELD };
    // A class body ends at its first method: what follows has other indentation rules.
    let body = if language == Language::Python {
        body.find("\n    def ").or_else(|| body.find("\n    @")).map_or(body, |end| &body[..end])
    } else {
        body
    };
    for found in expression.captures_iter(body) {
        let name = found.get(1).expect("the pattern has one group");
        if !matches!(name.as_str(), "model_config" | "Config" | "class" | "def") {
            seen(name.as_str(), name.start());
        }
    }
}
