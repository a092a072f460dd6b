use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::{
    links,
    markdown::{self, Link},
    project::{Project, Sources},
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
    let doubtful = project.documents.doubtful();
    let documents: Vec<&[(u32, u32)]> = doubtful.chunk_by(|a, b| a.0 == b.0).collect();
    let broken: Vec<Vec<Broken>> = documents.par_iter().map(|doubts| look(&project.sources, doubts)).collect();
    for Broken { document, line, column, message } in broken.into_iter().flatten() {
        sink.report(project.sources.path(document), line, column, message);
    }
}

struct Broken {
    document: u32,
    line: u32,
    column: u32,
    message: String,
}

/// Reads a document once more, with those about which there is doubt: what was kept of them shows that something is wrong,
/// and not what.
fn look(sources: &Sources<'_>, doubts: &[(u32, u32)]) -> Vec<Broken> {
    let read = |place: u32| {
        let path = sources.path(place);
        let text = sources.tree.text(path)?;
        Some(markdown::parse_with(path, &text, false))
    };
    let mut broken = Vec::new();
    let Some((place, document)) = doubts.first().and_then(|(place, _)| Some((*place, read(*place)?))) else {
        return broken;
    };
    let mut by_target: BTreeMap<&str, Vec<(&Link, &str)>> = BTreeMap::new();
    let targets = links::targets(&document, sources);
    for (link, target) in &targets {
        if let Some((path, fragment)) = target.anchor() {
            by_target.entry(path).or_default().push((&document.links[*link], fragment));
        }
    }
    for (_, target) in doubts {
        let there = sources.path(*target);
        let Some(links) = by_target.get(there).filter(|_| !links::built(sources, there)) else { continue };
        let read = if *target == place { None } else { Some(read(*target)) };
        // What cannot be read any more says nothing.
        let Some(other) = read.as_ref().map_or(Some(&document), Option::as_ref) else { continue };
        for (link, fragment) in links {
            if other.has_anchor(fragment) || other.has_anchor(&fragment.to_lowercase()) {
                continue;
            }
            let near = nearest(fragment, other.headings.iter().map(|heading| heading.slug.as_str()));
            let hint = near.map(|near| format!("; the nearest is `#{near}`")).unwrap_or_default();
            let message = format!("`{there}` has no heading or id `#{fragment}`{hint}");
            broken.push(Broken { document: place, line: link.line, column: link.column, message });
        }
    }
    broken
}
