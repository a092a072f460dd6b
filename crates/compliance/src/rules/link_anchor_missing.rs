use super::links;
use crate::{
    project::{Found, Project},
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::nearest::nearest,
};

pub(crate) static RULE: Rule = Rule {
    id: "link-anchor-missing",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "The part after `#` is a heading or an id of the target document",
    why: "The page opens at its top and the reader does not know where to look; usually a heading was renamed.",
    remedy: "Use the fragment of a heading that is there, or add an id",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "in the same document",
            files: &[("README.md", "# One\n\n[x](#two)\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "in another document",
            files: &[("README.md", "# One\n\n[x](b.md#c)\n"), ("b.md", "# B\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "headings, repeated headings, ids, lines of code",
            files: &[
                (
                    "README.md",
                    "# One\n\n## Two & three\n\n## Two & three\n\n<a id=\"here\"></a>\n\n[a](#one) [b](#two--three-1) [c](#here) [d](b.md#b) [e](x.rs#L3) [f](#)\n",
                ),
                ("b.md", "# B\n"),
                ("x.rs", "fn main() {}\n"),
            ],
            expect: &[],
        },
        Case {
            name: "other alphabets",
            files: &[(
                "README.md",
                "# Как начать\n\n[x](#как-начать) [y](#%D0%BA%D0%B0%D0%BA-%D0%BD%D0%B0%D1%87%D0%B0%D1%82%D1%8C)\n",
            )],
            expect: &[],
        },
        Case {
            name: "a site builder that makes anchors in its own way",
            files: &[
                ("docs/.vitepress/config.ts", "export default {}\n"),
                ("docs/a.md", "# A\n\n[x](#build-target)\n\n## build.target\n\nx\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    links::each(project, |document, link, target| {
        let (Some(fragment), Some(path), Found::File) = (&target.fragment, &target.path, &target.found) else { return };
        // Text fragments, line numbers and routes of single-page sites are not anchors of the document.
        let special = fragment.is_empty()
            || fragment == "top"
            || fragment == "readme"
            || fragment.starts_with([':', '/', '!', '?']);
        let Some(target) = project.document(path) else { return };
        if links::built(project, path) {
            return;
        }
        let lines =
            fragment.strip_prefix('L').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        if special || lines || target.has_anchor(fragment) || target.has_anchor(&fragment.to_lowercase()) {
            return;
        }
        let near = nearest(fragment, target.headings.iter().map(|heading| heading.slug.as_str()));
        let hint = near.map(|near| format!("; the nearest is `#{near}`")).unwrap_or_default();
        sink.report(
            &document.path,
            link.line,
            link.column,
            format!("`{path}` has no heading or id `#{fragment}`{hint}"),
        );
    });
}
