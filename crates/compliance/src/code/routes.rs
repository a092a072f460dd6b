//! HTTP routes: as written in code and in documents, compared by their shape.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Upper case; `ANY` when the code does not say.
    pub method: String,
    pub path: String,
    pub line: u32,
    /// Made by a convention of the framework: it exists, and nobody has to name it.
    pub implied: bool,
}

/// A path below another one.
pub(super) fn join(outer: &str, path: &str) -> String {
    if outer.trim_matches('/').is_empty() {
        return path.to_owned();
    }
    format!("{}/{}", outer.trim_end_matches('/'), path.trim_start_matches('/')).trim_end_matches('/').to_owned()
}

/// The routes that frameworks make for a resource.
pub(super) fn resource(name: &str, line: u32) -> Vec<Route> {
    let (list, one) = (name.to_owned(), format!("{name}/{{id}}"));
    [("GET", &list), ("POST", &list), ("GET", &one), ("PUT", &one), ("PATCH", &one), ("DELETE", &one)]
        .into_iter()
        .map(|(method, path)| Route { method: method.to_owned(), path: path.clone(), line, implied: true })
        .collect()
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

pub fn is_method(word: &str) -> bool {
    METHODS.contains(&word)
}

/// The methods named in a piece of code such as `get(show).post(edit)` or `['POST', 'PUT']`.
pub(super) fn methods(code: &str) -> Vec<String> {
    let mut found: Vec<String> = code
        .split(|character: char| !character.is_ascii_alphabetic())
        .map(str::to_ascii_uppercase)
        .filter(|word| METHODS.contains(&word.as_str()))
        .collect();
    found.dedup();
    if found.is_empty() { vec!["ANY".to_owned()] } else { found }
}

/// Wildcards, expressions and fragments of templates are not paths that a document could name.
pub(super) fn is_plain(path: &str) -> bool {
    path.len() < 200
        && !path.contains([' ', '*', '(', '?', '#', '\\', '+', '^', '|', ',', ';', '='])
        && !path.contains("://")
        && !path.contains("${")
}

/// Segments with every parameter written `{}`.
pub fn shape(path: &str) -> Vec<String> {
    path.split(['?', '#'])
        .next()
        .unwrap_or_default()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| {
            let parameter = segment.starts_with([':', '{', '<', '[', '$'])
                || segment.ends_with(['}', '>', ']'])
                || segment.bytes().all(|byte| byte.is_ascii_digit());
            if parameter { "{}".to_owned() } else { segment.to_ascii_lowercase() }
        })
        .collect()
}

/// True when a route of the code is the one that a document names, or one is the end of the other, prefixes being mounted
/// elsewhere. A document may show a value where the code has a parameter, but not the other way round.
pub fn same(route: &[String], named: &[String]) -> bool {
    let length = route.len().min(named.len());
    let pairs = || route[route.len() - length..].iter().zip(&named[named.len() - length..]);
    pairs().any(|(route, named)| route == named && route != "{}")
        && pairs().all(|(route, named)| route == named || route == "{}")
}

/// True when a route of the code, mounted anywhere that the code mounts routers, is the one that a document names.
pub fn reaches(route: &[String], named: &[String], mounts: &[Vec<String>]) -> bool {
    if same(route, named) || (!route.is_empty() && route == named) {
        return true;
    }
    let Some(rest) = named.len().checked_sub(route.len()) else { return false };
    // A parameter alone, in code that does not say where it is mounted, may be anywhere.
    named[rest..] == *route && (is_made_of(&named[..rest], mounts) || mounts.is_empty() && !route.is_empty())
}

fn is_made_of(path: &[String], mounts: &[Vec<String>]) -> bool {
    path.is_empty()
        || mounts
            .iter()
            .any(|mount| !mount.is_empty() && path.starts_with(mount) && is_made_of(&path[mount.len()..], mounts))
}

/// The routes of the code by their shapes, for many questions about what documents name.
#[derive(Debug, Default)]
pub struct Known {
    routes: Vec<(String, Vec<String>)>,
    mounts: Vec<Vec<String>>,
}

impl Known {
    pub(crate) fn new<'f>(code: impl Iterator<Item = &'f super::Facts>) -> Self {
        let mut known = Self::default();
        for facts in code {
            known.routes.extend(facts.routes.iter().map(|route| (route.method.clone(), shape(&route.path))));
            known.mounts.extend(facts.mounts.iter().map(|path| shape(path)));
        }
        known
    }

    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// True when the code has the route, or shows none at all: what finds its way by hand says nothing.
    pub fn knows(&self, method: &str, path: &str) -> bool {
        let shape = shape(path);
        shape.is_empty()
            || self.is_empty()
            || self.routes.iter().any(|(other, route)| {
                reaches(route, &shape, &self.mounts)
                    && (other == "ANY" || other == method || matches!(method, "HEAD" | "OPTIONS"))
            })
    }
}

/// A route named in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub method: Option<String>,
    pub path: String,
    pub line: u32,
    /// Part of a full address, which may be somebody else's.
    pub host: Option<String>,
}

/// Paths in a text: after a method, in quotes, in addresses.
pub fn mentions(text: &str) -> Vec<Mention> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut line = 1;
    let mut counted = 0;
    let mut skip = 0;
    for at in memchr::memchr_iter(b'/', bytes) {
        if at < skip {
            continue;
        }
        let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
        let mut start = at;
        let mut host = None;
        if before == b':' && bytes.get(at + 1) == Some(&b'/') {
            let from = at + 2;
            let length = bytes[from..]
                .iter()
                .position(|byte| matches!(byte, b'/' | b' ' | b'\n' | b')' | b'"' | b'\'' | b'`' | b'>'))
                .unwrap_or(bytes.len() - from);
            skip = from + length;
            if bytes.get(skip) != Some(&b'/') {
                continue;
            }
            host = std::str::from_utf8(&bytes[from..skip]).ok().map(str::to_owned);
            start = skip;
        } else if !(before.is_ascii_whitespace() || matches!(before, b'`' | b'"' | b'\'' | b'(' | b'|' | b'*' | b'}')) {
            continue;
        }
        let end = bytes[start..]
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"/_-{}<>:.[]$~".contains(byte)))
            .map_or(bytes.len(), |length| start + length);
        skip = skip.max(end);
        let path = text.get(start..end).unwrap_or_default().trim_end_matches(['.', ':']);
        // `/repos/…` and `/repos/*/merge` are short for many routes, none of which they name.
        let cut = bytes.get(end).is_some_and(|byte| *byte >= 0x80 || (*byte == b'*' && path.ends_with('/')))
            || path.ends_with("..");
        if path.len() < 2 || path.starts_with("//") || cut {
            continue;
        }
        line += u32::try_from(memchr::memchr_iter(b'\n', &bytes[counted..at]).count()).unwrap_or(0);
        counted = at;
        let lead = text[..at].trim_end_matches([' ', '`', '*', '|', '"', '\'']);
        let word_start = lead.rfind(|character: char| !character.is_ascii_uppercase()).map_or(0, |at| at + 1);
        let word = lead.get(word_start..).unwrap_or_default();
        let method = (is_method(word) && host.is_none() && lead.len() < at).then(|| word.to_owned());
        found.push(Mention { method, path: path.to_owned(), line, host });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_meet_across_styles_and_prefixes() {
        let same = |a: &str, b: &str| same(&shape(a), &shape(b));
        assert!(same("/users/:id", "/users/{user_id}"));
        assert!(same("/api/v1/users/<int:pk>/", "users/{id}"));
        assert!(same("/users/{id}", "/users/ann"));
        assert!(!same("/users/{id}", "/api/users/{id}/leave"));
        assert!(!same("/users", "/admins"));
        assert!(!same("/{id}", "/users"));
    }

    #[test]
    fn mounted_routers_are_reached() {
        let mounts: Vec<_> = ["/api/clubs", "/v1", "/admin"].iter().map(|path| shape(path)).collect();
        let reaches = |route: &str, named: &str| reaches(&shape(route), &shape(named), &mounts);
        assert!(reaches("/", "/api/clubs"));
        assert!(reaches("/:id", "/v1/api/clubs/{id}"));
        assert!(reaches("/{code}", "/{code}"));
        assert!(!reaches("/", "/api/people"));
        assert!(!reaches("/:id", "/api/people/{id}"));
    }

    #[test]
    fn mentions_have_methods_and_lines() {
        let found = mentions("Call `GET /users/{id}` or\n| POST | `/users` |\nsee http://localhost:80/x/y and a/b.\n");
        let shown: Vec<_> =
            found.iter().map(|each| format!("{:?} {} {}", each.method.as_deref(), each.path, each.line)).collect();
        assert_eq!(shown, ["Some(\"GET\") /users/{id} 1", "Some(\"POST\") /users 2", "None /x/y 3"]);
        assert!(mentions("`PUT /repos/*/merge` and `GET /repos/…`").iter().all(|each| each.method.is_none()));
        assert_eq!(mentions("**GET /users**")[0].path, "/users");
    }
}
