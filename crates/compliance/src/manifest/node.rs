use serde_json::Value;

use super::{Ecosystem, Manifest};

pub(super) fn read(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Node);
    let package: Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(package) => package,
        Err(error) => {
            manifest.problem = Some(error.to_string());
            return manifest;
        }
    };
    let word = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    manifest.name = word("name");
    manifest.version = word("version");
    manifest.license = word("license");
    manifest.private = package.get("private").and_then(Value::as_bool) == Some(true);
    manifest.workspace = package.get("workspaces").is_some();
    for (section, development) in [
        ("dependencies", false),
        ("peerDependencies", false),
        ("optionalDependencies", false),
        ("devDependencies", true),
    ] {
        for name in package.get(section).and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys) {
            manifest.depend(name, development);
        }
    }
    manifest
        .scripts
        .extend(package.get("scripts").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys).cloned());
    match package.get("bin") {
        Some(Value::String(_)) => {
            manifest
                .programs
                .extend(manifest.name.as_deref().map(|name| name.rsplit('/').next().unwrap_or(name).to_owned()));
        }
        Some(Value::Object(programs)) => manifest.programs.extend(programs.keys().cloned()),
        _ => {}
    }
    manifest
}

#[cfg(test)]
mod tests {
    #[test]
    fn scripts_and_programs_are_read() {
        let manifest = super::read(
            "package.json",
            r#"{"name":"@a/b","bin":"cli.js","scripts":{"test":"x"},"dependencies":{"express":"4"},"workspaces":["p/*"]}"#,
        );
        assert_eq!(manifest.programs, ["b"]);
        assert_eq!(manifest.scripts, ["test"]);
        assert!(manifest.depends_on("express") && manifest.workspace);
    }
}
