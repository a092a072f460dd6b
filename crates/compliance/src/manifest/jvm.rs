use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Manifest};

/// A `pom.xml` by its elements; properties and parents are not resolved.
pub(super) fn maven(path: &str, text: &str) -> Manifest {
    static DEPENDENCY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?s)<(dependency|parent|plugin)>(.*?)</(?:dependency|parent|plugin)>")
            .expect("the pattern is right")
    });
    static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"<(artifactId|scope|version|name)>\s*([^<]+?)\s*</").expect("the pattern is right")
    });
    let mut manifest = Manifest::new(path, Ecosystem::Jvm);
    let mut own = String::with_capacity(text.len());
    let mut last = 0;
    for found in DEPENDENCY.captures_iter(text) {
        let whole = found.get(0).expect("group 0 is the match");
        own.push_str(&text[last..whole.start()]);
        last = whole.end();
        let mut artifact = String::new();
        let mut development = false;
        for element in ELEMENT.captures_iter(&found[2]) {
            match &element[1] {
                "artifactId" if artifact.is_empty() => element[2].clone_into(&mut artifact),
                "scope" => development = &element[2] == "test",
                _ => {}
            }
        }
        manifest.depend(&artifact, development || &found[1] == "plugin");
    }
    own.push_str(&text[last..]);
    for element in ELEMENT.captures_iter(&own) {
        let value = Some(element[2].to_owned());
        match &element[1] {
            "artifactId" => manifest.name = manifest.name.take().or(value),
            "version" if !element[2].contains('$') => manifest.version = manifest.version.take().or(value),
            _ => {}
        }
    }
    manifest.workspace = text.contains("<modules>");
    manifest
}

/// `settings.gradle`, which names the whole.
pub(super) fn gradle_settings(path: &str, text: &str) -> Manifest {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\brootProject\.name\s*=\s*["']([\w.-]+)["']"#).expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Jvm);
    manifest.name = NAME.captures(text).map(|found| found[1].to_owned());
    manifest.workspace = text.lines().any(|line| line.trim_start().starts_with("include"));
    manifest.open = true;
    manifest
}

pub(super) fn gradle(path: &str, text: &str) -> Manifest {
    static DEPENDENCY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"\b(\w*[iI]mplementation|api|compileOnly|runtimeOnly|testRuntimeOnly)\b[ (]+["']([\w.-]+):([\w.-]+)"#,
        )
        .expect("the pattern is right")
    });
    static PLUGIN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\bid[ (]+["']([\w.-]+)["']"#).expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Jvm);
    for found in DEPENDENCY.captures_iter(text) {
        manifest.depend(&found[3], found[1].starts_with("test"));
    }
    for found in PLUGIN.captures_iter(text) {
        manifest.depend(&found[1], true);
    }
    manifest.open = true;
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_build_tools_are_read() {
        let manifest = maven(
            "pom.xml",
            "<project><parent><artifactId>spring-boot-starter-parent</artifactId></parent><artifactId>shop</artifactId><version>1.0</version><dependencies><dependency><artifactId>junit-jupiter</artifactId><scope>test</scope></dependency></dependencies></project>",
        );
        assert_eq!(manifest.name.as_deref(), Some("shop"));
        assert!(manifest.depends_on("spring-boot-starter-parent"));
        assert!(manifest.dependencies[1].development);
        let manifest = gradle(
            "build.gradle.kts",
            "plugins { id(\"org.springframework.boot\") }\ndependencies { implementation(\"io.ktor:ktor-server-core:2\") }",
        );
        assert!(manifest.depends_on("ktor-server-core") && manifest.depends_on("org.springframework.boot"));
    }
}
