use crate::{
    report::Severity,
    rule::{Case, Category, Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "waiver-invalid",
    category: Category::Process,
    severity: Severity::Error,
    on: true,
    summary: "Every waiver names its rule, path, reason, owner and last day",
    why: "A waiver without a reason or an end is a rule switched off in secret. While one is wrong, none of the file counts.",
    remedy: "Complete the waiver in compliance-waivers.toml",
    check: Check::Engine,
    cases: &[
        Case {
            name: "no reason",
            files: &[(
                "compliance-waivers.toml",
                "[[waiver]]\nrule = \"readme-missing\"\npath = \"**\"\nowner = \"ann\"\nexpires = \"2099-01-01\"\n",
            )],
            expect: &[("compliance-waivers.toml", 1)],
        },
        Case {
            name: "complete",
            files: &[(
                "compliance-waivers.toml",
                "[[waiver]]\nrule = \"readme-missing\"\npath = \"**\"\nreason = \"r\"\nowner = \"ann\"\nexpires = \"2099-01-01\"\n",
            )],
            expect: &[],
        },
    ],
};
