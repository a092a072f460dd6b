use crate::{
    report::Severity,
    rule::{Case, Category, Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "waiver-expired",
    category: Category::Process,
    severity: Severity::Error,
    on: true,
    summary: "No waiver is past its last day",
    why: "Somebody promised to look again by then.",
    remedy: "Correct what was waived, or agree on a new day",
    check: Check::Engine,
    cases: &[
        Case {
            name: "yesterday",
            files: &[(
                "compliance-waivers.toml",
                "[[waiver]]\nrule = \"readme-missing\"\npath = \"**\"\nreason = \"r\"\nowner = \"ann\"\nexpires = \"2020-01-01\"\n",
            )],
            expect: &[("compliance-waivers.toml", 1)],
        },
        Case {
            name: "in the future",
            files: &[(
                "compliance-waivers.toml",
                "[[waiver]]\nrule = \"readme-missing\"\npath = \"**\"\nreason = \"r\"\nowner = \"ann\"\nexpires = \"2099-01-01\"\n",
            )],
            expect: &[],
        },
    ],
};
