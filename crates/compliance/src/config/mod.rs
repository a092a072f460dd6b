//! One TOML file with everything an installation may decide, read strictly: a wrong key is refused with the nearest right one.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{
    baseline::{self, Baseline},
    report::Severity,
    rules,
    text::nearest::nearest,
    tree::Tree,
    waivers::Waiver,
};

pub mod schema;

/// Where the settings are looked for in a tree.
pub const FILE: &str = "compliance.toml";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectType {
    Cli,
    WebApi,
    WebApp,
    Library,
    Other,
}

impl ProjectType {
    pub const NAMES: [&'static str; 5] = ["cli", "web_api", "web_app", "library", "other"];

    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "cli" => Self::Cli,
            "web_api" => Self::WebApi,
            "web_app" => Self::WebApp,
            "library" => Self::Library,
            "other" => Self::Other,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::WebApi => "web_api",
            Self::WebApp => "web_app",
            Self::Library => "library",
            Self::Other => "other",
        }
    }
}

/// A rule's setting: off, or a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Off,
    On(Severity),
    /// On, at the rule's own severity.
    Default,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Detected when not given.
    pub project_type: Option<ProjectType>,
    /// Globs of paths that are not checked. They still count as link targets.
    pub exclude: Vec<String>,
    /// Larger files are reported and not read.
    pub max_file_bytes: u64,
    pub levels: BTreeMap<String, Level>,
    /// Settings of the installation that rules take words from.
    pub words: Words,
    /// Today as `YYYY-MM-DD`, for waivers. Without it nothing expires.
    pub today: Option<String>,
    /// Taken from the tree's waiver file when `None`.
    pub waivers: Option<Vec<Waiver>>,
    pub baseline: Option<Baseline>,
}

/// Lists that rules read; each adds to what the rule knows already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// More words that mark unfinished text.
    pub placeholders: Vec<String>,
    /// Variables that need no documentation; `*` at the end matches any rest.
    pub ignore_variables: Vec<String>,
    pub ignore_flags: Vec<String>,
    pub ignore_routes: Vec<String>,
    pub ignore_keys: Vec<String>,
    /// Documents that must exist besides those of the project type.
    pub required_documents: Vec<String>,
    /// Sections that the README must have besides those of the project type.
    pub required_sections: Vec<String>,
    /// Lines after which an agent rule is too long.
    pub rule_lines: usize,
    /// Line length for the rule `line-length`.
    pub line_length: usize,
    /// Folders of decision records besides the usual ones.
    pub decision_folders: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            project_type: None,
            exclude: Vec::new(),
            max_file_bytes: 8 * 1024 * 1024,
            levels: BTreeMap::new(),
            words: Words { rule_lines: 500, line_length: 140, ..Words::default() },
            today: None,
            waivers: None,
            baseline: None,
        }
    }
}

/// What is wrong with a configuration file, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

/// Every problem of a configuration file at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// The settings and the baseline that a tree brings itself, for a check on `today`. What is wrong with them is said in words.
    pub fn of_tree(tree: &dyn Tree, today: &str) -> Result<Self, String> {
        let mut config = match tree.text(FILE) {
            Some(text) => Self::parse(&text).map_err(|problems| format!("`{FILE}` is wrong:\n{problems}"))?,
            None => Self::default(),
        };
        config.today = Some(today.to_owned());
        config.baseline = tree.text(baseline::FILE).map(|text| Baseline::parse(&text)).transpose()?;
        Ok(config)
    }

    /// Reads the text of `compliance.toml`.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Problems(vec![Problem { line, message: error.message().to_owned() }])
        })?;
        let mut reader = Reader { text, problems: Vec::new() };
        let config = reader.config(&table);
        if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
    }

    /// The severity at which a rule reports, or `None` when it is off.
    pub fn severity(&self, rule: &rules::Rule) -> Option<Severity> {
        match self.levels.get(rule.id) {
            Some(Level::Off) => None,
            Some(Level::On(severity)) => Some(*severity),
            Some(Level::Default) => Some(rule.severity),
            None => rule.on.then_some(rule.severity),
        }
    }

    /// Turns everything off but one rule.
    #[must_use]
    pub fn only(rule: &str) -> Self {
        let levels = rules::all()
            .map(|each| (each.id.to_owned(), if each.id == rule { Level::Default } else { Level::Off }))
            .collect();
        Self { levels, ..Self::default() }
    }
}

/// True when a name matches one of the patterns, which may end in `*`.
pub fn ignored(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    })
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, key: &str, message: String) {
        // The parser keeps no places of keys; the first line that starts with the key is right in all but contrived files.
        let line = self
            .text
            .lines()
            .position(|line| {
                let line = line.trim_start_matches([' ', '\t', '[']).trim_start_matches(['"', '\'']);
                line.strip_prefix(key).is_some_and(|rest| {
                    !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_')
                })
            })
            .map_or(1, |line| line + 1);
        self.problems.push(Problem { line, message });
    }

    fn unknown(&mut self, place: &str, key: &str, known: &[&str]) {
        let hint = nearest(key, known.iter().copied())
            .map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        self.problem(key, format!("unknown key `{key}` in {place}; {hint}"));
    }

    fn config(&mut self, table: &Table) -> Config {
        let mut config = Config::default();
        for (key, value) in table {
            match (key.as_str(), value) {
                ("project_type", Value::String(word)) => {
                    config.project_type = ProjectType::parse(word);
                    if config.project_type.is_none() {
                        let known = ProjectType::NAMES;
                        let hint =
                            nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                        self.problem(key, format!("`project_type` is one of {}, not `{word}`{hint}", known.join(", ")));
                    }
                }
                ("exclude", value) => {
                    config.exclude = self.list(key, value);
                    for glob in &config.exclude {
                        if let Err(error) = globset::Glob::new(glob) {
                            self.problem(key, format!("`{glob}` is no glob: {}", error.kind()));
                        }
                    }
                }
                ("max_file_bytes", value) => {
                    if let Some(number) = self.number(key, value) {
                        config.max_file_bytes = number;
                    }
                }
                ("rules", Value::Table(rules)) => self.rules(rules, &mut config),
                ("words", Value::Table(words)) => self.words(words, &mut config.words),
                ("$schema", Value::String(_)) => {}
                ("rules" | "words", _) => self.problem(key, format!("`{key}` is a table: write `[{key}]`")),
                ("project_type" | "$schema", _) => self.problem(key, format!("`{key}` is a text in quotes")),
                _ => self.unknown("the file", key, schema::TOP),
            }
        }
        config
    }

    fn rules(&mut self, table: &Table, config: &mut Config) {
        let ids: Vec<&str> = rules::all().map(|rule| rule.id).collect();
        for (id, value) in table {
            if !ids.contains(&id.as_str()) {
                let hint = nearest(id, ids.iter().copied())
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                self.problem(id, format!("there is no rule `{id}`{hint}"));
                continue;
            }
            let level = match value.as_str() {
                Some("off") => Level::Off,
                Some("on") => Level::Default,
                Some("info") => Level::On(Severity::Info),
                Some("warning") => Level::On(Severity::Warning),
                Some("error") => Level::On(Severity::Error),
                other => {
                    let word = other.map_or_else(|| value.to_string(), str::to_owned);
                    let hint = nearest(&word, schema::LEVELS.iter().copied())
                        .map(|near| format!("; did you mean \"{near}\"?"))
                        .unwrap_or_default();
                    self.problem(
                        id,
                        format!("`{id}` is one of \"{}\", not `{word}`{hint}", schema::LEVELS.join("\", \"")),
                    );
                    continue;
                }
            };
            config.levels.insert(id.clone(), level);
        }
    }

    fn words(&mut self, table: &Table, words: &mut Words) {
        for (key, value) in table {
            let list = match key.as_str() {
                "placeholders" => &mut words.placeholders,
                "ignore_variables" => &mut words.ignore_variables,
                "ignore_flags" => &mut words.ignore_flags,
                "ignore_routes" => &mut words.ignore_routes,
                "ignore_keys" => &mut words.ignore_keys,
                "required_documents" => &mut words.required_documents,
                "required_sections" => &mut words.required_sections,
                "decision_folders" => &mut words.decision_folders,
                "rule_lines" | "line_length" => {
                    if let Some(number) = self.number(key, value) {
                        let number = usize::try_from(number).unwrap_or(usize::MAX);
                        if key == "rule_lines" { words.rule_lines = number } else { words.line_length = number }
                    }
                    continue;
                }
                _ => {
                    let known: Vec<&str> = schema::WORDS.iter().map(|(name, ..)| *name).collect();
                    self.unknown("`[words]`", key, &known);
                    continue;
                }
            };
            *list = self.list(key, value);
        }
    }

    fn list(&mut self, key: &str, value: &Value) -> Vec<String> {
        let Some(items) = value.as_array() else {
            self.problem(key, format!("`{key}` is a list of texts, such as [\"a\", \"b\"]"));
            return Vec::new();
        };
        let words: Vec<String> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if words.len() != items.len() {
            self.problem(key, format!("`{key}` holds texts only"));
        }
        words
    }

    fn number(&mut self, key: &str, value: &Value) -> Option<u64> {
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
        if number.is_none() {
            self.problem(key, format!("`{key}` is a whole number above 0"));
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let config = Config::parse(
            "project_type = \"cli\"\nexclude = [\"vendor/**\"]\n[rules]\nreadme-missing = \"off\"\nlink-file-missing = \"warning\"\n[words]\nrule_lines = 100\n",
        )
        .expect("the file is right");
        assert_eq!(config.project_type, Some(ProjectType::Cli));
        assert_eq!(config.levels["readme-missing"], Level::Off);
        assert_eq!(config.levels["link-file-missing"], Level::On(Severity::Warning));
        assert_eq!(config.words.rule_lines, 100);
    }

    #[test]
    fn wrong_keys_are_refused_with_the_nearest_right_one() {
        for (text, expected) in [
            ("exlude = []", "line 1: unknown key `exlude` in the file; did you mean `exclude`?"),
            (
                "\n[rules]\nreadme-mising = \"off\"",
                "line 3: there is no rule `readme-mising`; did you mean `readme-missing`?",
            ),
            ("[words]\nrule_line = 1", "line 2: unknown key `rule_line` in `[words]`; did you mean `rule_lines`?"),
            (
                "project_type = \"libary\"",
                "line 1: `project_type` is one of cli, web_api, web_app, library, other, not `libary`; did you mean `library`?",
            ),
            (
                "[rules]\nreadme-missing = \"eror\"",
                "line 2: `readme-missing` is one of \"off\", \"on\", \"info\", \"warning\", \"error\", not `eror`; did you mean \"error\"?",
            ),
        ] {
            assert_eq!(Config::parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = Config::parse("a = 1\nmax_file_bytes = -1\nexclude = 3\n").unwrap_err();
        assert_eq!(problems.0.len(), 3);
        assert!(Config::parse("x = [").unwrap_err().to_string().starts_with("line 1"));
    }
}
