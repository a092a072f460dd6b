use toml::{Table, Value};

use super::{Ecosystem, Manifest};

pub(super) fn read(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Cargo);
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            manifest.problem = Some(error.message().to_owned());
            return manifest;
        }
    };
    let word = |table: &Value, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(package) = table.get("package") {
        manifest.name = word(package, "name");
        manifest.version = word(package, "version");
        manifest.license = word(package, "license");
        manifest.private = package.get("publish").and_then(Value::as_bool) == Some(false);
    }
    for (section, development) in [("dependencies", false), ("build-dependencies", true), ("dev-dependencies", true)] {
        let mut tables = vec![table.get(section)];
        if let Some(targets) = table.get("target").and_then(Value::as_table) {
            tables.extend(targets.values().map(|target| target.get(section)));
        }
        for name in tables.into_iter().flatten().filter_map(Value::as_table).flat_map(Table::keys) {
            manifest.depend(name, development);
        }
    }
    if let Some(workspace) = table.get("workspace") {
        manifest.workspace = true;
        for name in workspace.get("dependencies").and_then(Value::as_table).into_iter().flat_map(Table::keys) {
            manifest.depend(name, false);
        }
        let package = workspace.get("package");
        manifest.license = manifest.license.take().or_else(|| package.and_then(|package| word(package, "license")));
    }
    for program in table.get("bin").and_then(Value::as_array).into_iter().flatten() {
        manifest.programs.extend(word(program, "name"));
    }
    manifest
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_programs_and_dependencies() {
        let text = "[package]\nname=\"x\"\nversion=\"1.2.3\"\nlicense=\"MIT\"\n[[bin]]\nname=\"xx\"\n[dependencies]\naxum=\"0.8\"\n[dev-dependencies]\nrstest=\"1\"\n";
        let manifest = super::read("Cargo.toml", text);
        assert_eq!(manifest.name.as_deref(), Some("x"));
        assert_eq!(manifest.programs, ["xx"]);
        assert!(manifest.depends_on("axum") && manifest.depends_on("rstest"));
        assert!(super::read("Cargo.toml", "[").problem.is_some());
    }
}
