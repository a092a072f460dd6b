use std::collections::BTreeMap;

use crate::{
    links,
    markdown::{self, Link},
    page::Page,
    project::Project,
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
    for place in project.documents.doubtful() {
        look(project, project.sources.path(place), sink);
    }
}

/// Reads a document once more, with those that it links to: what was kept of them shows that something is wrong, and not what.
fn look(project: &Project<'_>, path: &str, sink: &mut Sink<'_>) {
    let sources = &project.sources;
    let Some(text) = sources.tree.text(path) else { return };
    let document = markdown::parse(path, &text);
    let page = Page::new(&document, &text, text.as_bytes(), sources);
    let mut by_target: BTreeMap<&str, Vec<(&Link, &str)>> = BTreeMap::new();
    for (link, target) in page.targets() {
        if let Some((path, fragment)) = target.anchor() {
            by_target.entry(path).or_default().push((link, fragment));
        }
    }
    for (target, links) in by_target {
        let is_page = sources.index.place(target).is_some_and(|place| project.documents.is_page(place));
        if !is_page || links::built(sources, target) {
            continue;
        }
        let Some(text) = sources.tree.text(target) else { continue };
        let there = markdown::parse(target, &text);
        for (link, fragment) in links {
            if there.has_anchor(fragment) || there.has_anchor(&fragment.to_lowercase()) {
                continue;
            }
            let near = nearest(fragment, there.headings.iter().map(|heading| heading.slug.as_str()));
            let hint = near.map(|near| format!("; the nearest is `#{near}`")).unwrap_or_default();
            let message = format!("`{target}` has no heading or id `#{fragment}`{hint}");
            sink.report(path, link.line, link.column, message);
        }
    }
}
