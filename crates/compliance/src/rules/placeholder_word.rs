use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "placeholder-word",
    category: Category::Placeholders,
    severity: Severity::Warning,
    on: true,
    summary: "No document holds TODO, TBD, FIXME or \"coming soon\"",
    why: "The reader came for what is not there yet; nobody remembers to come back to it.",
    remedy: "Write it now, or remove the place and open an issue",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "the usual marks",
            files: &[("a.md", "# A\n\nTODO: write this.\n\nLimits: TBD\n\n(coming soon)\n")],
            expect: &[("a.md", 3), ("a.md", 5), ("a.md", 7)],
        },
        Case {
            name: "words of the installation",
            files: &[
                ("a.md", "# A\n\nNOCH OFFEN\n"),
                ("compliance.toml", "[words]\nplaceholders = [\"noch offen\"]\n"),
            ],
            expect: &[("a.md", 3)],
        },
        Case {
            name: "talk about such marks, code, lists of tasks",
            files: &[(
                "a.md",
                "# A\n\nA todo list app. The linter finds `TODO` comments. See TODO.md. It finds TODO and FIXME comments.\n\n```rust\n// TODO: x\n```\n",
            )],
            expect: &[],
        },
    ],
};

static MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s(\[*_>-])((?:TODO|FIXME|XXX)(?:\([^)]*\))?\s*:|TODO$|FIXME$|TBD(?-u:\b)|TBC(?-u:\b)|TBA(?-u:\b)|(?:^|\()\s*[Tt]o be (?:written|documented|filled in|determined|decided)(?-u:\b)|(?:^|\()\s*[Cc]oming soon(?-u:\b)|[Ww]ork in progress: |[Ww]rite me(?-u:\b)|[Зз]аполнить позже|[Бб]удет дописано|[Нн]аписать позже)")
        .expect("the pattern is right")
});

/// A telling word of every pattern.
static ANYWHERE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    // Of the kinds of match this one has the quickest search for few words.
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build([
            "TODO",
            "FIXME",
            "XXX",
            "TBD",
            "TBC",
            "TBA",
            "o be written",
            "o be documented",
            "o be filled",
            "o be determined",
            "o be decided",
            "oming soon",
            "ork in progress",
            "rite me",
            "озже",
            "удет дописано",
        ])
        .expect("the words are few")
});

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let own: Vec<String> = sink.config().words.placeholders.iter().map(|word| word.to_lowercase()).collect();
    // One pass over the whole page spares nearly all pages the look at each sentence.
    if own.is_empty() && !ANYWHERE.is_match(page.text) {
        return;
    }
    for range in &page.document.prose {
        let text = &page.text[range.clone()];
        let found = MARK
            .captures(text)
            .and_then(|found| found.get(1))
            .map(|mark| (mark.start(), mark.as_str().trim().to_owned()));
        let found = found.or_else(|| {
            let lower = text.to_lowercase();
            own.iter().find(|word| lower.contains(word.as_str())).map(|word| (0, word.clone()))
        });
        if let Some((at, mark)) = found {
            let (line, column) = page.position(range.start + at);
            sink.report(page.path(), line, column, format!("unfinished: \"{}\"", mark.trim_end_matches(':')));
        }
    }
}
