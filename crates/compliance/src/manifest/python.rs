use std::sync::LazyLock;

use regex::Regex;
use toml::{Table, Value};

use super::{Ecosystem, Manifest};

/// `Name[extra]>=1` → `name`, as the index compares names.
fn requirement(line: &str) -> String {
    let end = line
        .find(|character: char| !(character.is_ascii_alphanumeric() || "-_.".contains(character)))
        .unwrap_or(line.len());
    line[..end].to_ascii_lowercase().replace(['_', '.'], "-")
}

pub(super) fn pyproject(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Python);
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            manifest.problem = Some(error.message().to_owned());
            return manifest;
        }
    };
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(project) = table.get("project") {
        manifest.name = word(project, "name");
        manifest.version = word(project, "version");
        manifest.license = word(project, "license").or_else(|| {
            project.get("license").and_then(|license| word(license, "text").or_else(|| word(license, "file")))
        });
        for line in
            project.get("dependencies").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            manifest.depend(&requirement(line), false);
        }
        for list in project.get("optional-dependencies").and_then(Value::as_table).into_iter().flat_map(Table::values) {
            for line in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
                manifest.depend(&requirement(line), true);
            }
        }
        manifest
            .programs
            .extend(project.get("scripts").and_then(Value::as_table).into_iter().flat_map(Table::keys).cloned());
    }
    for list in table.get("dependency-groups").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        for line in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
            manifest.depend(&requirement(line), true);
        }
    }
    let tool = table.get("tool");
    if let Some(poetry) = tool.and_then(|tool| tool.get("poetry")) {
        manifest.name = manifest.name.take().or_else(|| word(poetry, "name"));
        manifest.version = manifest.version.take().or_else(|| word(poetry, "version"));
        manifest.license = manifest.license.take().or_else(|| word(poetry, "license"));
        for (section, development) in [("dependencies", false), ("dev-dependencies", true)] {
            for name in poetry.get(section).and_then(Value::as_table).into_iter().flat_map(Table::keys) {
                manifest.depend(&requirement(name), development);
            }
        }
        for group in poetry.get("group").and_then(Value::as_table).into_iter().flat_map(Table::values) {
            for name in group.get("dependencies").and_then(Value::as_table).into_iter().flat_map(Table::keys) {
                manifest.depend(&requirement(name), true);
            }
        }
        manifest
            .programs
            .extend(poetry.get("scripts").and_then(Value::as_table).into_iter().flat_map(Table::keys).cloned());
    }
    manifest.workspace = tool.and_then(|tool| tool.get("uv")).and_then(|uv| uv.get("workspace")).is_some();
    manifest
}

pub(super) fn requirements(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Python);
    let development = ["dev", "test", "lint", "doc"].iter().any(|word| path.contains(word));
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '-'])) {
        manifest.depend(&requirement(line), development);
    }
    manifest
}

pub(super) fn pipfile(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Python);
    match text.parse::<Table>() {
        Ok(table) => {
            for (section, development) in [("packages", false), ("dev-packages", true)] {
                for name in table.get(section).and_then(Value::as_table).into_iter().flat_map(Table::keys) {
                    manifest.depend(&requirement(name), development);
                }
            }
        }
        Err(error) => manifest.problem = Some(error.message().to_owned()),
    }
    manifest
}

/// `setup.py` is a program; only what is written plainly in its call is read.
pub(super) fn setup_py(path: &str, text: &str) -> Manifest {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\b(name|version|license)\s*=\s*["']([^"'\n]+)["']"#).expect("the pattern is right")
    });
    static LIST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?s)install_requires\s*=\s*\[(.*?)\]").expect("the pattern is right"));
    static QUOTED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"["']([^"'\n]+)["']"#).expect("the pattern is right"));
    static SCRIPT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"["']\s*([\w.-]+)\s*=\s*[\w.]+:[\w.]+["']"#).expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Python);
    for found in WORD.captures_iter(text) {
        let value = Some(found[2].to_owned());
        match &found[1] {
            "name" => manifest.name = manifest.name.take().or(value),
            "version" => manifest.version = manifest.version.take().or(value),
            _ => manifest.license = manifest.license.take().or(value),
        }
    }
    for list in LIST.captures_iter(text) {
        for line in QUOTED.captures_iter(&list[1]) {
            manifest.depend(&requirement(&line[1]), false);
        }
    }
    manifest.programs.extend(SCRIPT.captures_iter(text).map(|found| found[1].to_owned()));
    manifest
}

pub(super) fn setup_cfg(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Python);
    let mut section = String::new();
    let mut key = String::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            trimmed
        } else if let Some((name, value)) = trimmed.split_once('=') {
            name.trim().clone_into(&mut key);
            value.trim()
        } else {
            continue;
        };
        match (section.as_str(), key.as_str()) {
            ("metadata", "name") => manifest.name = Some(value.to_owned()),
            ("metadata", "version") if !value.contains(':') => manifest.version = Some(value.to_owned()),
            ("metadata", "license") => manifest.license = Some(value.to_owned()),
            ("options", "install_requires") => manifest.depend(&requirement(value), false),
            ("options.entry_points", "console_scripts") => {
                manifest.programs.extend(value.split_once('=').map(|(name, _)| name.trim().to_owned()));
            }
            _ => {}
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_python_files_are_read() {
        let manifest = pyproject(
            "pyproject.toml",
            "[project]\nname='x'\ndependencies=['FastAPI[all]>=0.1']\n[project.scripts]\nxx='x:main'\n[dependency-groups]\ndev=['pytest']\n",
        );
        assert!(manifest.depends_on("fastapi") && manifest.depends_on("pytest"));
        assert_eq!(manifest.programs, ["xx"]);
        let manifest = setup_py(
            "setup.py",
            "setup(name='y', install_requires=['flask>=2'], entry_points={'console_scripts': ['yy = y.cli:main']})",
        );
        assert_eq!((manifest.name.as_deref(), manifest.programs.len()), (Some("y"), 1));
        assert!(manifest.depends_on("flask"));
        let manifest = setup_cfg("setup.cfg", "[metadata]\nname = z\n[options]\ninstall_requires =\n    Django>=4\n");
        assert!(manifest.depends_on("django"));
        assert!(requirements("requirements.txt", "# c\nsql_alchemy==2\n-r x\n").depends_on("sql-alchemy"));
    }
}
