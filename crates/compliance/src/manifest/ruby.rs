use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Manifest};

pub(super) fn gemfile(path: &str, text: &str) -> Manifest {
    static GEM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"^\s*gem[ (]+["']([\w./-]+)["']"#).expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Ruby);
    let mut development = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("group ") {
            development = !trimmed.contains(":production");
        } else if trimmed == "end" {
            development = false;
        }
        if let Some(found) = GEM.captures(line) {
            manifest.depend(&found[1], development);
        }
    }
    manifest
}

pub(super) fn gemspec(path: &str, text: &str) -> Manifest {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\.(name|version|licenses?|executables)\s*=\s*\[?\s*["']([^"'\n]+)["']"#)
            .expect("the pattern is right")
    });
    static DEPENDENCY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\.add_(runtime_|development_)?dependency[ (]+["']([\w./-]+)["']"#).expect("the pattern is right")
    });
    let mut manifest = Manifest::new(path, Ecosystem::Ruby);
    for found in FIELD.captures_iter(text) {
        let value = found[2].to_owned();
        match &found[1] {
            "name" => manifest.name = Some(value),
            "version" => manifest.version = Some(value),
            "executables" => manifest.programs.push(value),
            _ => manifest.license = Some(value),
        }
    }
    for found in DEPENDENCY.captures_iter(text) {
        manifest.depend(&found[2], found.get(1).is_some_and(|kind| kind.as_str() == "development_"));
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gems_are_read() {
        let manifest = gemfile("Gemfile", "gem 'rails', '~> 7'\ngroup :test do\n  gem \"rspec\"\nend\n");
        assert!(manifest.depends_on("rails") && manifest.dependencies[1].development);
        let manifest =
            gemspec("x.gemspec", "Gem::Specification.new do |s|\n s.name = 'x'\n s.add_dependency 'rack'\nend");
        assert!(manifest.depends_on("rack"));
    }
}
