//! The routes of an OpenAPI document, JSON or YAML.

use super::Route;
use crate::text::paths;

pub fn is_openapi(path: &str) -> bool {
    let name = paths::name(path).to_ascii_lowercase();
    (name.contains("openapi") || name.contains("swagger"))
        && matches!(paths::extension(path).as_str(), "json" | "yaml" | "yml")
}

pub fn read(path: &str, text: &str) -> Vec<Route> {
    if paths::extension(path) == "json" { json(text) } else { yaml(text) }
}

fn json(text: &str) -> Vec<Route> {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let mut routes = Vec::new();
    for (path, item) in document.get("paths").and_then(|paths| paths.as_object()).into_iter().flatten() {
        let line = text.find(&format!("\"{path}\"")).map_or(1, |at| text[..at].matches('\n').count() + 1);
        for method in
            item.as_object().into_iter().flat_map(serde_json::Map::keys).map(|method| method.to_ascii_uppercase())
        {
            if super::routes::is_method(&method) {
                routes.push(Route {
                    method,
                    path: path.clone(),
                    line: u32::try_from(line).unwrap_or(1),
                    implied: false,
                });
            }
        }
    }
    routes
}

/// By indentation: `paths:`, under it `/x:`, under that `get:`.
fn yaml(text: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut inside = false;
    let mut path: Option<(usize, String)> = None;
    for (line, number) in text.lines().zip(1..) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            inside = trimmed == "paths:";
            path = None;
            continue;
        }
        let Some(key) = trimmed.strip_suffix(':').filter(|_| inside) else { continue };
        let key = key.trim_matches(['"', '\'']);
        match &path {
            Some((outer, path)) if indent > *outer => {
                let method = key.to_ascii_uppercase();
                if super::routes::is_method(&method) {
                    routes.push(Route { method, path: path.clone(), line: number, implied: false });
                }
            }
            _ if key.starts_with('/') => path = Some((indent, key.to_owned())),
            _ => {}
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_give_the_same_routes() {
        let from_json = read("openapi.json", "{\"paths\":{\"/x\":{\"get\":{},\"parameters\":[]}}}");
        let from_yaml = read("openapi.yaml", "openapi: 3.1.0\npaths:\n  /x:\n    get:\n      summary: y\n");
        assert_eq!((from_json[0].method.as_str(), from_json[0].path.as_str()), ("GET", "/x"));
        assert_eq!((from_yaml[0].method.as_str(), from_yaml[0].line), ("GET", 4));
        assert_eq!(from_json.len() + from_yaml.len(), 2);
    }
}
