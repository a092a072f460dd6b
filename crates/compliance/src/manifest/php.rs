use serde_json::Value;

use super::{Ecosystem, Manifest};

pub(super) fn read(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Php);
    let package: Value = match serde_json::from_str(text) {
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
    for (section, development) in [("require", false), ("require-dev", true)] {
        for name in package.get(section).and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys) {
            manifest.depend(name, development);
        }
    }
    manifest
        .scripts
        .extend(package.get("scripts").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys).cloned());
    for program in package.get("bin").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        manifest.programs.push(crate::text::paths::stem(program).to_owned());
    }
    manifest
}

#[cfg(test)]
mod tests {
    #[test]
    fn requirements_scripts_and_programs() {
        let manifest = super::read(
            "composer.json",
            r#"{"name":"a/b","require":{"laravel/framework":"^11"},"scripts":{"lint":"x"},"bin":["bin/tool.php"]}"#,
        );
        assert!(manifest.depends_on("laravel/framework"));
        assert_eq!((manifest.scripts, manifest.programs), (vec!["lint".to_owned()], vec!["tool".to_owned()]));
    }
}
