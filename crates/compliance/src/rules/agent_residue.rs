use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "agent-residue",
    category: Category::Placeholders,
    severity: Severity::Error,
    on: true,
    summary: "No trace of a conversation with an agent is left in a document",
    why: "\"Sure, here is your README\" tells every reader that nobody read the text before it was published.",
    remedy: "Remove the sentence and read the rest of the text once more",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "what agents say",
            files: &[(
                "a.md",
                "Sure! Here is the updated README:\n\n# A\n\nAs an AI language model, I cannot test this.\n\nFacts :contentReference[oaicite:3]{index=3}\n",
            )],
            expect: &[("a.md", 1), ("a.md", 5), ("a.md", 7)],
        },
        Case {
            name: "documents about agents",
            files: &[(
                "a.md",
                "# A\n\nThis tool calls an AI language model. Here is an example:\n\n```text\nAs an AI language model, I\n```\n",
            )],
            expect: &[],
        },
    ],
};

static RESIDUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?-u:\b)as an ai (?:language )?model,? i(?-u:\b)|(?-u:\b)i(?:'m| am) (?:just )?an ai(?-u:\b)|:contentreference(?-u:\b)|(?-u:\b)oaicite:\d|turn\d+(?:search|view|file)\d+|^(?:sure|certainly|absolutely|of course)[!,.] (?:here(?:'s| is| are)|i(?:'ll| will|'ve| have))|^here(?:'s| is) (?:the|your|an) (?:updated|revised|complete|improved) (?:readme|document|version|file|changelog)(?-u:\b)|(?-u:\b)i hope this helps[!.]|(?-u:\b)let me know if you(?:'d| would)? (?:like|need) (?:me to|any)|^(?:конечно|разумеется)[!,.] вот |utm_source=chatgpt",
    )
    .expect("the pattern is right")
});

/// A telling word of every pattern.
static ANYWHERE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "as an ai",
            "i'm an ai",
            "i'm just an ai",
            "i am an ai",
            "i am just an ai",
            "contentreference",
            "oaicite",
            "turn",
            "sure!",
            "sure,",
            "sure.",
            "certainly",
            "absolutely",
            "of course",
            "here's ",
            "here is ",
            "i hope this",
            "let me know",
            "Конечно",
            "конечно",
            "азумеется",
            "chatgpt",
        ])
        .expect("the words are few")
});

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    // One pass over the whole page spares nearly all pages the look at each sentence.
    if !ANYWHERE.is_match(page.text) {
        return;
    }
    let mut last = 0;
    for range in &page.document.prose {
        if let Some(found) = RESIDUE.find(&page.text[range.clone()]) {
            let (line, column) = page.position(range.start + found.start());
            if line != last {
                sink.report(page.path(), line, column, format!("left from a conversation: \"{}\"", found.as_str()));
            }
            last = line;
        }
    }
}
