use crate::{
    report::Severity,
    rule::{Case, Category, Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "file-too-large",
    category: Category::Files,
    severity: Severity::Warning,
    on: true,
    summary: "A document is small enough to be read",
    why: "It is not checked, so nothing is known about it; and no person reads a document of that size.",
    remedy: "Split the document, or raise `max_file_bytes` in compliance.toml",
    check: Check::Engine,
    cases: &[
        Case {
            name: "over the limit",
            files: &[("a.md", "# A long document\n"), ("compliance.toml", "max_file_bytes = 10\n")],
            expect: &[("a.md", 1)],
        },
        Case { name: "under it", files: &[("a.md", "# A\n")], expect: &[] },
    ],
};
