use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "fence-syntax",
    category: Category::Code,
    severity: Severity::Warning,
    on: true,
    summary: "Code blocks of JSON and TOML can be parsed",
    why: "Readers paste them; a missing comma becomes their problem.",
    remedy: "Correct the block; name it `jsonc`, `json5` or `text` when it is meant not to parse",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "JSON with a missing comma",
            files: &[("a.md", "# A\n\n```json\n{\n  \"a\": 1\n  \"b\": 2\n}\n```\n")],
            expect: &[("a.md", 6)],
        },
        Case {
            name: "TOML without quotes",
            files: &[("a.md", "# A\n\n```toml\na = b\n```\n")],
            expect: &[("a.md", 4)],
        },
        Case {
            name: "right, shortened, commented or templated ones",
            files: &[(
                "a.md",
                "```json\n{\"a\": 1}\n```\n\n```json\n{ \"a\": ... }\n```\n\n```json\n// x\n{}\n```\n\n```toml\na = 1\n```\n\n```json\n{\"a\": {{ value }}}\n```\n\n```json\n\"a\": 1\n```\n",
            )],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for fence in page.document.fences.iter().filter(|fence| !fence.indented && !fence.body.is_empty()) {
        let language = fence.language();
        if language != "json" && language != "toml" {
            continue;
        }
        let source = &page.text[fence.body.clone()];
        // In a list or a quotation the source carries indentation and marks that are no part of the block.
        let (_, column) = page.position(fence.offset);
        let sketch = ["...", "…", "{{", "<", "${", "//", "/*", "{%", "[!"].iter().any(|mark| source.contains(mark))
            || (language == "json" && source.contains('#'));
        if column != 1 || sketch || fence.info.contains("diff") {
            continue;
        }
        let first = page.document.lines.line(fence.body.start);
        let problem = if language == "json" { json(source) } else { toml(source) };
        if let Some((line, message)) = problem {
            sink.report(
                page.path(),
                first + line,
                1,
                format!("the block is no {}: {message}", language.to_uppercase()),
            );
        }
    }
}

fn json(source: &str) -> Option<(u32, String)> {
    // A fragment without its braces, or several values one after another, is shown on purpose.
    let start = source.trim_start().chars().next()?;
    if !matches!(start, '{' | '[') || source.trim_end().ends_with(',') {
        return None;
    }
    for value in serde_json::Deserializer::from_str(source).into_iter::<serde_json::Value>() {
        if let Err(error) = value {
            if error.is_eof() && source.len() > 2000 {
                return None;
            }
            let line = u32::try_from(error.line().saturating_sub(1)).unwrap_or(0);
            let text = error.to_string();
            let message = text.split(" at line").next().unwrap_or_default().to_owned();
            return Some((line, message));
        }
    }
    None
}

fn toml(source: &str) -> Option<(u32, String)> {
    let error = source.parse::<toml::Table>().err()?;
    // Two fragments in one block repeat their tables: that is how alternatives are shown.
    if error.message().contains("duplicate") {
        return None;
    }
    let at = error.span().map_or(0, |span| span.start.min(source.len()));
    let line = u32::try_from(source[..at].matches('\n').count()).unwrap_or(0);
    Some((line, error.message().lines().next().unwrap_or_default().to_owned()))
}
