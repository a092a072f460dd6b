use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "document-required",
    category: Category::Documents,
    severity: Severity::Error,
    on: true,
    summary: "The documents that the installation requires exist",
    why: "Some documents are agreed on, or demanded by auditors, whatever the project is.",
    remedy: "Write the document, or take it off `required_documents` in compliance.toml",
    check: Check::Project(check),
    cases: &[
        Case { name: "nothing required, nothing said", files: &[("README.md", "# X\n")], expect: &[] },
        Case {
            name: "required in the settings file",
            files: &[("compliance.toml", "[words]\nrequired_documents = [\"docs/RUNBOOK.md\"]\n")],
            expect: &[("", 1)],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let wanted = sink.config().words.required_documents.clone();
    for path in wanted.iter().filter(|path| !project.sources.index.exists(path)) {
        sink.report("", 1, 1, format!("the required document `{path}` is missing"));
    }
}
