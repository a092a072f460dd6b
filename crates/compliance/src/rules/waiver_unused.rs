use crate::{
    report::Severity,
    rule::{Case, Category, Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "waiver-unused",
    category: Category::Process,
    severity: Severity::Info,
    on: true,
    summary: "Every waiver covers a finding",
    why: "A waiver that covers nothing will silently cover the next mistake.",
    remedy: "Remove the waiver",
    check: Check::Engine,
    cases: &[
        Case {
            name: "nothing to cover",
            files: &[
                ("README.md", "# X\n"),
                (
                    "compliance-waivers.toml",
                    "[[waiver]]\nrule = \"link-empty\"\npath = \"**\"\nreason = \"r\"\nowner = \"ann\"\nexpires = \"2099-01-01\"\n",
                ),
            ],
            expect: &[("compliance-waivers.toml", 1)],
        },
        Case { name: "no waivers", files: &[("README.md", "# X\n")], expect: &[] },
    ],
};
