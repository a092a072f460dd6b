//! Where a link leads, worked out once for all rules about links.

use crate::{
    index::Found,
    markdown::{Document, Link, LinkKind},
    project::Sources,
    text::{paths, percent_decode},
};

pub(crate) struct Target {
    pub(crate) found: Found,
    /// Path in the tree, when the link stays in it.
    pub(crate) path: Option<String>,
    pub(crate) fragment: Option<String>,
    pub(crate) image: bool,
    /// As the author wrote it, without fragment.
    pub(crate) shown: String,
    /// Starts with `/`: means the site's root, or the repository's, depending on who renders it.
    rooted: bool,
    /// Climbs out of the tree.
    pub(crate) outside: bool,
}

impl Target {
    pub(crate) fn looks_like_image(&self) -> bool {
        matches!(
            paths::extension(&self.shown).as_str(),
            "png" | "jpg" | "jpeg" | "gif" | "svg" | "webp" | "avif" | "ico" | "bmp"
        )
    }

    /// The file and the place in it that the link means, when it means one. Text fragments, line numbers and routes of
    /// single-page sites are no places of a document.
    pub(crate) fn anchor(&self) -> Option<(&str, &str)> {
        let (Some(fragment), Some(path), Found::File) = (&self.fragment, &self.path, &self.found) else { return None };
        let special = fragment.is_empty()
            || fragment == "top"
            || fragment == "readme"
            || fragment.starts_with([':', '/', '!', '?']);
        let line =
            fragment.strip_prefix('L').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        (!special && !line).then_some((path, fragment))
    }
}

/// True for addresses that are not paths: schemes, `//host`, templates, bare fragments apart.
pub(crate) fn is_foreign(destination: &str) -> bool {
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

/// The document's links that mean something in the tree, by their places in its list.
pub(crate) fn targets(document: &Document, sources: &Sources<'_>) -> Vec<(usize, Target)> {
    // Documents among Rust sources are parts of item documentation, whose links are those of the generated site.
    if sources.has_cargo && document.path.contains("src/") {
        return Vec::new();
    }
    let links = document.links.iter().enumerate().filter(|(_, link)| link.kind != LinkKind::Auto);
    links.filter_map(|(at, link)| resolve(sources, document, link).map(|target| (at, target))).collect()
}

fn resolve(sources: &Sources<'_>, document: &Document, link: &Link) -> Option<Target> {
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
    target.found = look(sources, &joined);
    target.path = Some(joined);
    if target.rooted && target.found == Found::Missing {
        // A site's root may be any folder with documents: nothing is said unless the path is the repository's.
        target.found = Found::Unknown;
    }
    if target.found == Found::Missing && document.path.contains('/') {
        // Site builders serve `a.md` as `a/`, so that `../b` in it means the neighbour `b`.
        let from_page = paths::join(&format!("{base}/{}", paths::stem(&document.path)), &path);
        if let Some(joined) = from_page.filter(|joined| matches!(look(sources, joined), Found::File | Found::Folder)) {
            target.found = look(sources, &joined);
            target.path = Some(joined);
        }
    }
    if target.found == Found::Missing && served(sources, &document.path, target.shown.trim_start_matches("./")) {
        target.found = Found::Unknown;
    }
    Some(target)
}

/// True for pages of such a site. A README is read on the forge all the same.
pub(crate) fn built(sources: &Sources<'_>, document: &str) -> bool {
    if sources.builders.is_empty() || paths::stem(document).eq_ignore_ascii_case("readme") {
        return false;
    }
    let mut folder = paths::parent(document);
    loop {
        if sources.builders.contains(folder) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = paths::parent(folder);
    }
}

/// True when a site builder puts a file at that place: its pages are moved up, and static files come from beside them.
fn served(sources: &Sources<'_>, document: &str, path: &str) -> bool {
    let mut folder = paths::parent(document);
    let mut below = "";
    loop {
        let moved = matches!(below, "pages" | "content")
            && paths::join(folder, path).is_some_and(|at| sources.index.exists(&at));
        let beside = ["public", "static"]
            .iter()
            .any(|kind| paths::join(folder, &format!("{kind}/{path}")).is_some_and(|at| sources.index.is_file(&at)));
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
fn look(sources: &Sources<'_>, path: &str) -> Found {
    let index = &sources.index;
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
