use crate::{
    report::Severity,
    rule::{Case, Category, Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "file-unreadable",
    category: Category::Files,
    severity: Severity::Error,
    on: true,
    summary: "Every document can be read",
    why: "What cannot be read cannot be checked, and readers cannot open it either.",
    remedy: "Correct the file's permissions, or exclude it",
    check: Check::Engine,
    cases: &[
        // The tree of this case refuses to read the file: see tests/engine.rs.
        Case { name: "a file that cannot be opened", files: &[("locked.md", "")], expect: &[("locked.md", 1)] },
        Case { name: "a file that can", files: &[("a.md", "# A\n")], expect: &[] },
    ],
};
