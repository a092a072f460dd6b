use super::{Ecosystem, Manifest};

pub(super) fn read(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Go);
    let mut block = false;
    for line in text.lines().map(str::trim) {
        if let Some(module) = line.strip_prefix("module ") {
            manifest.name = Some(module.trim().trim_matches('"').to_owned());
        } else if line.starts_with("require (") {
            block = true;
        } else if line == ")" {
            block = false;
        } else {
            let requirement = if block { Some(line) } else { line.strip_prefix("require ") };
            if let Some(name) = requirement.and_then(|line| line.split_whitespace().next())
                && !name.starts_with("//")
            {
                manifest.depend(name, false);
            }
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    #[test]
    fn requirements_are_read() {
        let manifest = super::read(
            "go.mod",
            "module example.com/x\n\ngo 1.22\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.9\n)\nrequire a.b/c v1\n",
        );
        assert_eq!(manifest.name.as_deref(), Some("example.com/x"));
        assert!(manifest.depends_on("github.com/gin-gonic/gin") && manifest.depends_on("a.b/c"));
    }
}
