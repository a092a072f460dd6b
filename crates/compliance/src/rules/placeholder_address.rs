use crate::{
    markdown::LinkKind,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "placeholder-address",
    category: Category::Placeholders,
    severity: Severity::Warning,
    on: true,
    summary: "No link leads to a made-up address such as `github.com/your-name/your-repo`",
    why: "It looks like the project's own page and leads to nobody's.",
    remedy: "Put in the real address",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "made-up owners",
            files: &[(
                "a.md",
                "# A\n\n[code](https://github.com/your-username/your-repo) ![b](https://img.shields.io/github/stars/USERNAME/REPO)\n",
            )],
            expect: &[("a.md", 3), ("a.md", 3)],
        },
        Case {
            name: "real ones",
            files: &[("a.md", "[code](https://github.com/rust-lang/rust) [x](https://example.com/your-name)\n")],
            expect: &[],
        },
    ],
};

const MADE_UP: &[&str] = &[
    "/your-username/",
    "/yourusername/",
    "/your-name/",
    "/yourname/",
    "/your-org/",
    "/yourorg/",
    "/your-repo",
    "/yourrepo",
    "/username/repo",
    "/user/repo",
    "/owner/repo",
    "/<",
    "/%3c",
    "/your_username/",
    "/your_name/",
    "/your-github-username/",
    "/my-org/my-repo",
    "/youruser/",
    "/organization/repository",
];

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for link in page.document.links.iter().filter(|link| {
        matches!(
            link.kind,
            LinkKind::Link | LinkKind::Image | LinkKind::Html | LinkKind::HtmlImage | LinkKind::Definition
        )
    }) {
        let to = link.destination.to_lowercase();
        let forge = ["github.com", "gitlab.com", "bitbucket.org", "shields.io", "codecov.io", "codeberg.org"]
            .iter()
            .any(|host| to.contains(host));
        if forge && MADE_UP.iter().any(|part| to.contains(part)) {
            sink.report(
                page.path(),
                link.line,
                link.column,
                format!("`{}` is a made-up address", crate::text::clip(&link.destination, 80)),
            );
        }
    }
}
