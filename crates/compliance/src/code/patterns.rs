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
    (Fact::Mount, ".nest", r#"\.nest(?:_service)?\(\s*"(?P<p>/[^"]*)""#),
    (Fact::Mount, "scope(", r#"\bscope\(\s*"(?P<p>/[^"]*)""#),
    (Fact::Route, "#[", r#"#\[(?P<m>get|post|put|patch|delete|head|options)\(\s*"(?P<p>(?:/[^"]*)?)""#),
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
    (Fact::Flag, "add_argument", r#"\badd_argument\(\s*(?:["']-\w["']\s*,\s*)?["'](--[a-z][A-Za-z0-9-]+)["']"#),
    (Fact::Flag, "option", r#"@(?:\w+\.)?option\(\s*(?:["']-\w["']\s*,\s*)?["'](--[a-z][A-Za-z0-9-]+)"#),
    (Fact::Flag, "Option(", r#"\btyper\.Option\([^)\n]*?["'](--[a-z][A-Za-z0-9-]+)"#),
    (
        Fact::Group,
        "prefix",
        r#"\b(?P<n>\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:APIRouter|Blueprint)\([^)]*?\b(?:url_)?prefix\s*=\s*["'](?P<p>[^"']*)["']"#,
    ),
    (Fact::Mount, "prefix", r#"\b(?:url_)?prefix\s*=\s*f?["'](?P<p>/[^"']*)["']"#),
    (Fact::Mount, "include(", r#"\bpath\(\s*r?["'](?P<p>[\w/<>:{}.-]+)["']\s*,\s*include\("#),
    (Fact::Resource, "register(", r#"\brouter\.register\(\s*r?["'](?P<p>[\w/-]+)["']"#),
    (Fact::Route, "@", r#"@(?P<r>\w+)\.(?P<m>get|post|put|patch|delete|head|options)\(\s*["'](?P<p>(?:/[^"']*)?)["']"#),
    (
        Fact::Route,
        ".route(",
        r#"@(?P<r>\w+)\.route\(\s*["'](?P<p>/[^"']*)["'](?:[^)\n]*methods\s*=\s*[\[(](?P<m>[^\])]*)[\])])?"#,
    ),
    (Fact::Route, "path(", r#"\b(?:re_)?path\(\s*r?["'](?P<p>[\w/<>:{}.-]+)["']\s*,\s*(?:\w+\.)*\w*(?:views?|View)\b"#),
    (Fact::KeyBlock, "BaseSettings", r"class\s+\w+\((?:\w+\.)?BaseSettings\)\s*:\s*\n((?:(?:[ \t]+[^\n]*|\r)?\n)+)"),
];

const JAVASCRIPT: &[Line] = &[
    (Fact::Variable, "env", r#"\b(?:process|Bun|import\.meta)\.env(?:\.|\[\s*["'])([A-Z][A-Z0-9_]+)"#),
    (Fact::Variable, "Deno", r#"\bDeno\.env\.get\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variables, "process.env", r"\{([^{}]+)\}\s*=\s*process\.env\b"),
    (
        Fact::Flag,
        "option",
        r#"\.(?:option|requiredOption|addOption)\(\s*(?:new Option\(\s*)?["'`](?:-\w,?\s+)?(--[a-z][A-Za-z0-9-]+)"#,
    ),
    (Fact::Flag, "yargs", r#"\.option\(\s*["']([a-z][a-z0-9-]+)["']\s*,\s*\{"#),
    (
        Fact::Router,
        "(",
        r"\b(?:const|let|var)\s+(?P<n>\w+)\s*(?::[^=\n]+)?=\s*(?:new\s+)?(?:\w+\.)?(?:Router|express|fastify|Fastify|Hono|Elysia|OpenAPIHono)\s*(?:<[^>\n]*>)?\(",
    ),
    // Plugins are handed the router that they add to.
    (Fact::Router, "function", r"\bfunction\s*\w*\s*\(\s*(?P<n>instance|fastify|app|server|router|api)\b"),
    (Fact::Router, ":", r"\b(?P<n>\w+)\s*:\s*(?:FastifyInstance|Express|express\.\w+|Application|Router|Hono)\b"),
    (Fact::Mount, ".use(", r#"\.use\(\s*["'`](?P<p>/[^"'`]*)["'`]"#),
    (Fact::Mount, "prefix", r#"\bprefix:\s*["'`](?P<p>/[^"'`]*)["'`]"#),
    (Fact::Mount, "setGlobalPrefix", r#"\bsetGlobalPrefix\(\s*["'`](?P<p>[^"'`]*)["'`]"#),
    (Fact::Mount, ".route(", r#"\.route\(\s*["'`](?P<p>/[^"'`]*)["'`]\s*,"#),
    (
        Fact::RouteOfRouter,
        "(",
        r#"\b(?P<r>\w+)\s*\.(?P<m>get|post|put|patch|delete|head|options)\(\s*["'`](?P<p>/[^"'`]*)["'`]\s*,"#,
    ),
    (
        Fact::RouteOfRouter,
        ".route(",
        r#"\b(?P<r>\w+)\s*\.route\(\s*["'`](?P<p>/[^"'`]*)["'`]\s*\)(?P<m>(?:\s*\.(?:get|post|put|patch|delete|head|options)\b[^;]{0,400}?)+);"#,
    ),
    (
        Fact::Route,
        ".route(",
        r#"\.route\(\s*\{\s*method:\s*(?P<m>\[[^\]]*\]|["'`]\w+["'`])\s*,\s*(?:url|path):\s*["'`](?P<p>/[^"'`]*)["'`]"#,
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
    (
        Fact::Group,
        "Group(",
        r#"\b(?P<n>\w+)\s*:?=\s*(?P<o>\w+)\.(?:Group|PathPrefix)\(\s*"(?P<p>/[^"]*)"[^)]*\)(?P<t>(?:\.Group\(\s*"[^"]*"[^)]*\))*)"#,
    ),
    (Fact::Mount, "(", r#"\.(?:Route|Mount|Group|PathPrefix|StripPrefix)\(\s*"(?P<p>/[^"]*)""#),
    (
        Fact::Route,
        "(",
        r#"\b(?P<r>\w+)\.(?P<m>GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete)\(\s*"(?P<p>(?:/[^"]*)?)"\s*,"#,
    ),
    (Fact::Route, "Handle", r#"\.Handle(?:Func)?\(\s*"(?:(?P<m>GET|POST|PUT|PATCH|DELETE)\s+)?(?P<p>/[^"]*)""#),
    (Fact::Key, "viper", r#"\bviper\.(?:Get\w*|SetDefault|BindEnv|BindPFlag)\(\s*"([a-z][\w.-]+)""#),
    (Fact::Key, "mapstructure", r#"`[^`\n]*\bmapstructure:"([a-z][\w-]+)"#),
];

const JAVA: &[Line] = &[
    (Fact::Variable, "getenv", r#"\bgetenv\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Flag, "@Option", r#"@Option\([^)]*?"(--[a-z][A-Za-z0-9-]+)""#),
    (Fact::Flag, "longOpt", r#"\.longOpt\(\s*"([a-z][a-z0-9-]+)""#),
    (
        Fact::Prefix,
        "@RequestMapping",
        r#"@RequestMapping\(\s*(?:(?:value|path)\s*=\s*)?\{?\s*"(?P<p>[^"]*)"[^)]*\)\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:public\s+)?(?:final\s+)?class\b"#,
    ),
    (
        Fact::Route,
        "RequestMethod.",
        r#"@RequestMapping\(\s*(?:value|path)\s*=\s*\{?\s*"(?P<p>[^"]*)"[^)]*?\bmethod\s*=\s*(?P<m>[^)]*)\)"#,
    ),
    (
        Fact::Route,
        "RequestMethod.",
        r#"@RequestMapping\(\s*method\s*=\s*(?P<m>[^")]*?),\s*(?:value|path)\s*=\s*\{?\s*"(?P<p>[^"]*)""#,
    ),
    (
        Fact::Prefix,
        "@Path",
        r#"@Path\(\s*"(?P<p>[^"]*)"\s*\)\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:public\s+)?(?:final\s+)?class\b"#,
    ),
    (Fact::Route, "@Path", r#"@(?P<m>GET|POST|PUT|PATCH|DELETE)\b\s*(?:@Path\(\s*"(?P<p>[^"]*)")?"#),
    (Fact::Route, "@Path", r#"@Path\(\s*"(?P<p>[^"]*)"\s*\)\s*@(?P<m>GET|POST|PUT|PATCH|DELETE)\b"#),
    (Fact::Route, "route(", r"\b(?P<m>get|post|put|patch|delete)\s*\{"),
    (Fact::Mount, "route(", r#"\broute\(\s*"(?P<p>/[^"]*)"\s*\)\s*\{"#),
    (Fact::Route, "(", r#"\b(?P<m>get|post|put|patch|delete)\(\s*"(?P<p>/[^"]*)"\s*\)\s*\{"#),
    (Fact::Route, "(", r#"\b(?:app|router|server|javalin)\.(?P<m>get|post|put|patch|delete)\(\s*"(?P<p>/[^"]*)"\s*,"#),
    (
        Fact::Route,
        "Mapping",
        r#"@(?P<m>Get|Post|Put|Patch|Delete)Mapping(?:\(\s*(?:(?:value|path)\s*=\s*)?\{?\s*"(?P<p>[^"]*)")?"#,
    ),
    (Fact::Key, "@Value", r#"@Value\(\s*"\$\{([a-z][\w.-]+)"#),
];

const CSHARP: &[Line] = &[
    (Fact::Variable, "GetEnvironmentVariable", r#"GetEnvironmentVariable\(\s*"([A-Z][A-Z0-9_]+)""#),
    (Fact::Flag, "Option", r#"\bnew Option(?:<[^>]+>)?\(\s*(?:new\[\]\s*\{\s*)?(?:name:\s*)?"(--[a-z][A-Za-z0-9-]+)""#),
    (Fact::Flag, "[Option(", r#"\[Option\(\s*(?:'\w'\s*,\s*)?"([a-z][a-z0-9-]+)""#),
    (
        Fact::Prefix,
        "[Route(",
        r#"\[Route\(\s*"(?P<p>[^"]*)"\s*\)\]\s*(?:\[[^\]\n]*\]\s*)*(?:(?:public|internal|sealed|abstract|partial)\s+)*class\s+(?P<c>\w+)"#,
    ),
    (Fact::Group, "MapGroup", r#"\b(?P<n>\w+)\s*=\s*(?P<o>\w+)\.MapGroup\(\s*"(?P<p>[^"]*)""#),
    (Fact::Mount, "MapGroup", r#"\.MapGroup\(\s*"(?P<p>[^"]*)""#),
    (Fact::Route, "Map", r#"\b(?P<r>\w+)\s*\.Map(?P<m>Get|Post|Put|Patch|Delete)\(\s*"(?P<p>[^"]*)""#),
    (Fact::Route, "[Http", r#"\[Http(?P<m>Get|Post|Put|Patch|Delete)(?:\(\s*"(?P<p>[^"]*)"[^\]]*)?(?:\(\))?\s*[,\]]"#),
    (Fact::Key, "onfiguration", r#"\b_?[cC]onfiguration\[\s*"([A-Z][\w:]+)"\s*\]"#),
    (Fact::Key, "GetValue", r#"\.GetValue<[^>]+>\(\s*"([A-Z][\w:]+)""#),
    (Fact::Key, "GetSection", r#"\.GetSection\(\s*"([A-Z][\w:]+)""#),
];

const PHP: &[Line] = &[
    (Fact::Variable, "getenv", r#"\bgetenv\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "_ENV", r#"\$_ENV\[\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Variable, "env(", r#"\benv\(\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Flag, "addOption", r#"->addOption\(\s*["']([a-z][a-z0-9-]+)["']"#),
    (Fact::Flag, "signature", r"\{\s*(?:\w\|)?--(?:\w\|)?([a-z][A-Za-z0-9-]+)[=\s:}]"),
    (Fact::Route, "Route::", r#"\bRoute::(?P<m>get|post|put|patch|delete)\(\s*["'](?P<p>[^"']+)["']"#),
    (Fact::Mount, "prefix", r#"(?:->|::)prefix\(\s*["'](?P<p>[^"']+)["']"#),
    (Fact::Mount, "prefix", r#"["']prefix["']\s*=>\s*["'](?P<p>[^"']+)["']"#),
    (Fact::Mount, "group(", r#"->group\(\s*["'](?P<p>/[^"']*)["']"#),
    (Fact::Resource, "esource(", r#"\bRoute::(?:apiR|r)esource\(\s*["'](?P<p>[^"']+)["']"#),
    (
        Fact::Prefix,
        "#[Route",
        r#"#\[Route\(\s*(?:path:\s*)?["'](?P<p>/[^"']*)["'][^\]]*\)\]\s*(?:#\[[^\]]*\]\s*)*(?:(?:final|abstract|readonly)\s+)*class\b"#,
    ),
    (Fact::Route, "->", r#"\$(?:app|router|group)->(?P<m>get|post|put|patch|delete)\(\s*["'](?P<p>(?:/[^"']*)?)["']"#),
    (
        Fact::Route,
        "#[Route",
        r#"#\[Route\(\s*(?:path:\s*)?["'](?P<p>(?:/[^"']*)?)["'](?:[^\]]*methods:\s*\[(?P<m>[^\]]*)\])?"#,
    ),
    (Fact::Key, "config(", r#"\bconfig\(\s*["']([a-z][\w.-]+)["']"#),
];

const RUBY: &[Line] = &[
    (Fact::Variable, "ENV", r#"\bENV(?:\.fetch\(|\[)\s*["']([A-Z][A-Z0-9_]+)["']"#),
    (Fact::Flag, ".on(", r#"\.on\(\s*(?:["']-\w[^"']*["']\s*,\s*)?["'](--[a-z][A-Za-z0-9-]+)"#),
    (Fact::Flag, "_option", r"\b(?:method|class)_option\s+:([a-z]\w*)"),
    (Fact::Route, " ", r#"(?m)^\s*(?P<m>get|post|put|patch|delete)\s+["'](?P<p>/?[\w:/-]+)["']\s*(?:,\s*to:|=>|do\b)"#),
    (Fact::Route, ":", r"(?m)^\s*(?P<m>get|post|put|patch|delete)\s+:(?P<p>\w+)\s*(?:,|$)"),
    (Fact::Resource, "resource", r"(?m)^\s*resources?\s+:(?P<p>\w+)"),
    (Fact::Mount, "namespace", r#"(?m)^\s*(?:namespace|scope)\s+[:"'](?P<p>/?[\w/-]+)"#),
    (Fact::Key, "configuration", r"\bRails\.(?:application\.config|configuration)\.x\.([a-z]\w*)"),
];

/// Names that routers usually have when another file makes them.
pub(super) fn is_router(name: &str) -> bool {
    matches!(name, "app" | "router" | "server" | "fastify" | "api" | "route" | "routes" | "r" | "hono")
        || name.ends_with("Router")
}

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

/// What pydantic puts before the name of each field.
pub(super) fn variable_prefix(body: &str) -> Option<&str> {
    static PREFIX: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\benv_prefix\s*=\s*["']([A-Za-z0-9_]+)["']"#).expect("the pattern is right"));
    PREFIX.captures(body).and_then(|found| found.get(1)).map(|group| group.as_str())
}

/// The variables that a settings file of Spring takes from outside.
pub(crate) fn placeholders(text: &str) -> Vec<super::Use> {
    static PLACEHOLDER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\$\{([A-Z][A-Z0-9_]+)[:}]").expect("the pattern is right"));
    let lines = crate::text::Lines::new(text);
    let uses = PLACEHOLDER.captures_iter(text).filter_map(|found| found.get(1));
    uses.map(|name| super::Use { name: name.as_str().to_owned(), line: lines.line(name.start()) })
        .filter(|variable| !super::is_common(&variable.name))
        .collect()
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
