use crate::{
    project::{Project, is_sample},
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "document-orphan",
    category: Category::Documents,
    severity: Severity::Info,
    on: false,
    summary: "Every page in `docs/` can be reached by links from the README or an index",
    why: "A page that nothing leads to is not read, and so not kept true.",
    remedy: "Link the page from the index of its folder, or remove it",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a page that nothing links to",
            files: &[("README.md", "# X\n\n[a](docs/a.md)\n"), ("docs/a.md", "# A\n"), ("docs/b.md", "# B\n")],
            expect: &[("docs/b.md", 1)],
        },
        Case {
            name: "linked over another page",
            files: &[
                ("README.md", "# X\n\n[a](docs/a.md)\n"),
                ("docs/a.md", "# A\n\n[b](b.md)\n"),
                ("docs/b.md", "# B\n"),
            ],
            expect: &[],
        },
        Case {
            name: "a site with a menu of its own",
            files: &[("mkdocs.yml", "site_name: x\n"), ("docs/b.md", "# B\n")],
            expect: &[],
        },
        Case {
            name: "a link to the folder",
            files: &[("README.md", "# X\n\n[all](docs)\n"), ("docs/b.md", "# B\n")],
            expect: &[],
        },
    ],
};

/// Files by which a site builder orders its pages without links.
const MENUS: &[&str] = &[
    "mkdocs.yml",
    "docusaurus.config.js",
    "docusaurus.config.ts",
    "book.toml",
    "_config.yml",
    "conf.py",
    "SUMMARY.md",
    "_sidebar.md",
    "astro.config.mjs",
    "zensical.toml",
];

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let menu =
        project.sources.index.files().any(|path| MENUS.contains(&paths::name(path)) || path.contains(".vitepress/"));
    if menu {
        return;
    }
    let pages = project.paths().filter(|path| path.starts_with("docs/") && !is_sample(path));
    for path in pages {
        let linked = |path: &str| project.documents.is_linked(path);
        let index = matches!(paths::stem(path).to_ascii_lowercase().as_str(), "readme" | "index");
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let above = std::iter::successors(Some(paths::parent(path)), |folder| {
            (!folder.is_empty()).then(|| paths::parent(folder))
        });
        let by_folder = above.filter(|folder| !folder.is_empty()).any(linked);
        if !index && !by_folder && !linked(path) && !linked(stem) {
            sink.report(path, 1, 1, "no document links to this page".to_owned());
        }
    }
}
