//! Where a link leads, worked out once for all rules about links.

use crate::{
    manifest::Ecosystem,
    markdown::{Document, Link, LinkKind},
    project::{Found, Project},
    text::{paths, percent_decode},
};

pub(super) struct Target {
    pub(super) found: Found,
    /// Path in the tree, when the link stays in it.
    pub(super) path: Option<String>,
    pub(super) fragment: Option<String>,
    pub(super) image: bool,
    /// As the author wrote it, without fragment.
    pub(super) shown: String,
    /// Starts with `/`: means the site's root, or the repository's, depending on who renders it.
    pub(super) rooted: bool,
    /// Climbs out of the tree.
    pub(super) outside: bool,
}

impl Target {
    pub(super) fn looks_like_image(&self) -> bool {
        matches!(
            paths::extension(&self.shown).as_str(),
            "png" | "jpg" | "jpeg" | "gif" | "svg" | "webp" | "avif" | "ico" | "bmp"
        )
    }
}

/// True for addresses that are not paths: schemes, `//host`, templates, bare fragments apart.
pub(super) fn is_foreign(destination: &str) -> bool {
    if destination.starts_with("//") || destination.starts_with(['@', '$', '~', '%', '{']) {
        return true;
    }
    // Nearly all destinations are plain paths.
    if !destination.bytes().any(|byte| matches!(byte, b':' | b'{' | b'$' | b'<')) {
        return false;
    }
    let scheme = destination.split(['/', '#', '?']).next().unwrap_or_default();
    let has_scheme = scheme.split_once(':').is_some_and(|(name, _)| {
        name.len() > 1
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    });
    // Rust documentation links by item path: `crate::Router`, `tower_http::cors`.
    has_scheme
        || destination.contains("::")
        || destination.contains("{{")
        || destination.contains("{%")
        || destination.contains("${")
        || destination.contains("<%")
}

/// Calls `seen` for each link of the project's own documents that means something in the tree.
pub(super) fn each(project: &Project<'_>, mut seen: impl FnMut(&Document, &Link, &Target)) {
    let cargo = project.facts.manifests.iter().any(|manifest| manifest.ecosystem == Ecosystem::Cargo);
    // Documents among Rust sources are parts of item documentation, whose links are those of the generated site.
    for document in project.pages().filter(|document| !(cargo && document.path.contains("src/"))) {
        for link in document.links.iter().filter(|link| link.kind != LinkKind::Auto) {
            if let Some(target) = resolve(project, document, link) {
                seen(document, link, &target);
            }
        }
    }
}

fn resolve(project: &Project<'_>, document: &Document, link: &Link) -> Option<Target> {
    let destination = link.destination.trim();
    if destination.is_empty() || is_foreign(destination) {
        return None;
    }
    let (path, fragment) = match destination.split_once('#') {
        Some((path, fragment)) => (path, Some(percent_decode(fragment))),
        None => (destination, None),
    };
    let path = percent_decode(path.split('?').next().unwrap_or_default());
    // A definition whose "address" has no dot and no slash is a note in brackets, not a link.
    if link.kind == LinkKind::Definition && !path.contains(['.', '/']) && fragment.is_none() {
        return None;
    }
    let mut target = Target {
        found: Found::Unknown,
        path: None,
        fragment,
        image: matches!(link.kind, LinkKind::Image | LinkKind::HtmlImage),
        shown: path.clone(),
        rooted: path.starts_with('/'),
        outside: false,
    };
    if path.is_empty() {
        target.path = Some(document.path.clone());
        target.found = Found::File;
        return Some(target);
    }
    let base = paths::parent(&document.path);
    let Some(joined) = paths::join(base, &path) else {
        target.outside = !is_web_relative(&path);
        return Some(target);
    };
    target.found = look(project, &joined);
    target.path = Some(joined);
    if target.rooted && target.found == Found::Missing {
        // A site's root may be any folder with documents: nothing is said unless the path is the repository's.
        target.found = Found::Unknown;
    }
    if target.found == Found::Missing && document.path.contains('/') {
        // Site builders serve `a.md` as `a/`, so that `../b` in it means the neighbour `b`.
        let from_page = paths::join(&format!("{base}/{}", paths::stem(&document.path)), &path);
        if let Some(joined) = from_page.filter(|joined| matches!(look(project, joined), Found::File | Found::Folder)) {
            target.found = look(project, &joined);
            target.path = Some(joined);
        }
    }
    if target.found == Found::Missing && served(project, &document.path, target.shown.trim_start_matches("./")) {
        target.found = Found::Unknown;
    }
    Some(target)
}

/// True for pages of such a site. A README is read on the forge all the same.
pub(super) fn built(project: &Project<'_>, document: &str) -> bool {
    if project.builders.is_empty() || paths::stem(document).eq_ignore_ascii_case("readme") {
        return false;
    }
    let mut folder = paths::parent(document);
    loop {
        if project.builders.contains(folder) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = paths::parent(folder);
    }
}

/// True when a site builder puts a file at that place: its pages are moved up, and static files come from beside them.
fn served(project: &Project<'_>, document: &str, path: &str) -> bool {
    let mut folder = paths::parent(document);
    let mut below = "";
    loop {
        let moved = matches!(below, "pages" | "content")
            && paths::join(folder, path).is_some_and(|at| project.index.exists(&at));
        let beside = ["public", "static"]
            .iter()
            .any(|kind| paths::join(folder, &format!("{kind}/{path}")).is_some_and(|at| project.index.is_file(&at)));
        if moved || (beside && !below.is_empty()) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        below = paths::name(folder);
        folder = paths::parent(folder);
    }
}

/// The path itself, or what site builders make of it.
fn look(project: &Project<'_>, path: &str) -> Found {
    let index = &project.index;
    let found = index.find(path);
    if found == Found::File || found == Found::Folder || found == Found::Unknown {
        return found;
    }
    let stem = path.trim_end_matches('/');
    let bare = stem.strip_suffix(".html").or_else(|| stem.strip_suffix(".htm")).unwrap_or(stem);
    let candidates =
        [".md", ".mdx", ".markdown", ".rst", ".adoc", ".ipynb", ".html"].map(|extension| format!("{bare}{extension}"));
    if paths::extension(bare).is_empty()
        || bare != stem
        || paths::extension(bare).bytes().all(|byte| byte.is_ascii_digit())
    {
        if candidates.iter().any(|candidate| index.is_file(candidate)) {
            return Found::File;
        }
        if bare != stem && paths::name(bare) == "index" && index.exists(paths::parent(bare)) {
            return Found::Folder;
        }
    }
    found
}

/// `../../issues` and the like are pages of the forge beside the files.
fn is_web_relative(path: &str) -> bool {
    let rest = path.trim_start_matches("../");
    let first = rest.split('/').next().unwrap_or_default();
    matches!(
        first,
        "issues"
            | "pulls"
            | "pull"
            | "releases"
            | "wiki"
            | "actions"
            | "discussions"
            | "blob"
            | "tree"
            | "raw"
            | "compare"
            | "tags"
            | "security"
            | "commit"
            | "commits"
            | "milestones"
            | "projects"
            | "labels"
            | "graphs"
            | "stargazers"
            | "network"
            | "fork"
            | "edit"
            | "workflows"
    )
}
