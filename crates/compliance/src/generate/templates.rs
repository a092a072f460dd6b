//! The built-in templates, and how an installation replaces them.

use std::collections::BTreeMap;

pub(super) const PRE_COMMIT: &str = include_str!("../../templates/pre-commit.sh");
pub(super) const WORKFLOW: &str = include_str!("../../templates/workflow.yml");

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/", $name, ".hbs")))),*];
    };
}

built_in!(
    "agents",
    "rule-project",
    "rule-documents",
    "rule-tests",
    "contributing",
    "changelog",
    "docs-index",
    "architecture",
    "configuration",
    "decision",
    "settings",
    "api",
    "usage",
    "requirements",
    "license",
    "language-rust",
    "language-python",
    "language-typescript",
    "language-javascript",
    "language-go",
    "language-java",
    "language-csharp",
    "language-php",
    "language-ruby",
);

/// Templates by name. Those that are not replaced are the built-in ones.
#[derive(Debug, Clone, Default)]
pub struct Templates(BTreeMap<String, String>);

impl Templates {
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Replaces a template; an unknown name is refused.
    pub fn replace(&mut self, name: &str, text: String) -> Result<(), String> {
        if Self::names().any(|known| known == name) {
            self.0.insert(name.to_owned(), text);
            return Ok(());
        }
        let near = crate::text::nearest::nearest(name, Self::names());
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(format!("there is no template `{name}`{hint}"))
    }

    /// Replaces templates by the files `<name>.hbs` of a folder.
    #[cfg(feature = "cli")]
    pub fn from_folder(folder: &std::path::Path) -> Result<Self, String> {
        let mut templates = Self::default();
        let entries = std::fs::read_dir(folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            if path.extension().is_some_and(|extension| extension == "hbs") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
                templates.replace(&name, text)?;
            }
        }
        Ok(templates)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .or_else(|| BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text))
    }
}
