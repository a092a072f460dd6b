//! When does a repository become a project? The one place that decides; it knows neither GitHub nor the database.

use time::OffsetDateTime;

/// The operator's part of the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StartRule {
    pub allow_forks: bool,
    pub allow_templates: bool,
    /// Only repositories of these owners; empty means any that our credentials can see.
    pub owners: Vec<String>,
    /// Only repositories with this topic.
    pub topic: Option<String>,
    /// Repositories created before this (our first round, less some grace) do not start by themselves.
    pub since: OffsetDateTime,
}

/// What is known of a repository, fetched just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts<'a> {
    pub owner: &'a str,
    pub fork: bool,
    pub template: bool,
    pub archived: bool,
    pub topics: &'a [String],
    pub created_at: Option<OffsetDateTime>,
}

/// What else was seen, this time or before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// We knew the repository already and were waiting for a README.
    pub was_watched: bool,
    /// A push has just added the README.
    pub readme_added: bool,
    /// A person asks for it in so many words.
    pub by_hand: bool,
}

/// The decision, and the stable word for its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Start,
    /// Not yet: look again when something is pushed.
    Watch(&'static str),
    /// Not by itself.
    Ignore(&'static str),
}

impl StartRule {
    /// The part that needs no README: is the repository worth a closer look?
    pub(crate) fn screen(&self, facts: &Facts<'_>, sighting: Sighting) -> Option<Verdict> {
        if facts.archived {
            return Some(Verdict::Ignore("archived")); // nothing can be pushed, asked for or not
        }
        if sighting.by_hand {
            return None;
        }
        if facts.fork && !self.allow_forks {
            return Some(Verdict::Ignore("fork"));
        }
        if facts.template && !self.allow_templates {
            return Some(Verdict::Ignore("template"));
        }
        if !self.owners.is_empty() && !self.owners.iter().any(|owner| owner.eq_ignore_ascii_case(facts.owner)) {
            return Some(Verdict::Ignore("owner_not_allowed"));
        }
        match &self.topic {
            Some(topic) if !facts.topics.contains(topic) => Some(Verdict::Watch("topic_missing")),
            _ => None,
        }
    }

    /// The whole rule, once the README is known (`None`: there is none).
    pub(crate) fn decide(&self, facts: &Facts<'_>, readme: Option<&str>, sighting: Sighting) -> Verdict {
        if let Some(verdict) = self.screen(facts, sighting) {
            return verdict;
        }
        let Some(text) = readme else { return Verdict::Watch("no_readme") };
        let appeared = sighting.was_watched || sighting.readme_added || sighting.by_hand;
        if !appeared && facts.created_at.is_some_and(|created| created < self.since) {
            return Verdict::Ignore("existed_before");
        }
        if says_nothing(text) { Verdict::Watch("readme_says_nothing") } else { Verdict::Start }
    }
}

/// A README of headings alone, as GitHub makes for a new repository, asks for nothing yet.
fn says_nothing(readme: &str) -> bool {
    let mut previous_was_text = false;
    let mut texts = 0_usize;
    for line in readme.lines().map(str::trim) {
        let underline = line.len() > 1 && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-'));
        if underline && previous_was_text {
            texts -= 1; // the line above was a heading
            previous_was_text = false;
        } else if line.is_empty() || is_heading(line) || underline {
            previous_was_text = false;
        } else {
            texts += 1;
            previous_was_text = true;
        }
    }
    texts == 0
}

fn is_heading(line: &str) -> bool {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&level) && line[level..].chars().next().is_none_or(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const README: Option<&str> = Some("# Todo\n\nA command-line list of things to do.");

    fn rule() -> StartRule {
        StartRule {
            allow_forks: false,
            allow_templates: false,
            owners: Vec::new(),
            topic: None,
            since: datetime!(2026-11-01 0:00 UTC),
        }
    }

    fn facts() -> Facts<'static> {
        Facts {
            owner: "ada",
            fork: false,
            template: false,
            archived: false,
            topics: &[],
            created_at: Some(datetime!(2026-11-02 0:00 UTC)),
        }
    }

    #[test]
    fn a_new_repository_with_a_readme_starts() {
        assert_eq!(rule().decide(&facts(), README, Sighting::default()), Verdict::Start);
    }

    #[test]
    fn without_a_readme_we_watch() {
        assert_eq!(rule().decide(&facts(), None, Sighting::default()), Verdict::Watch("no_readme"));
    }

    #[test]
    fn forks_templates_and_archives_stay_out() {
        let s = Sighting::default();
        assert_eq!(rule().decide(&Facts { fork: true, ..facts() }, README, s), Verdict::Ignore("fork"));
        assert_eq!(rule().decide(&Facts { template: true, ..facts() }, README, s), Verdict::Ignore("template"));
        assert_eq!(rule().decide(&Facts { archived: true, ..facts() }, README, s), Verdict::Ignore("archived"));
        let open = StartRule { allow_forks: true, allow_templates: true, ..rule() };
        assert_eq!(open.decide(&Facts { fork: true, template: true, ..facts() }, README, s), Verdict::Start);
    }

    #[test]
    fn what_was_there_before_us_starts_only_when_its_readme_appears() {
        let old = Facts { created_at: Some(datetime!(2020-01-01 0:00 UTC)), ..facts() };
        assert_eq!(rule().decide(&old, README, Sighting::default()), Verdict::Ignore("existed_before"));
        for appeared in [
            Sighting { was_watched: true, ..Sighting::default() },
            Sighting { readme_added: true, ..Sighting::default() },
            Sighting { by_hand: true, ..Sighting::default() },
        ] {
            assert_eq!(rule().decide(&old, README, appeared), Verdict::Start, "{appeared:?}");
        }
    }

    #[test]
    fn owners_and_topics_guard_when_asked_to() {
        let guarded = StartRule { owners: vec!["Grace".to_owned()], ..rule() };
        assert_eq!(guarded.decide(&facts(), README, Sighting::default()), Verdict::Ignore("owner_not_allowed"));
        assert_eq!(guarded.decide(&Facts { owner: "grace", ..facts() }, README, Sighting::default()), Verdict::Start);
        let topical = StartRule { topic: Some("quantapilot".to_owned()), ..rule() };
        assert_eq!(topical.decide(&facts(), README, Sighting::default()), Verdict::Watch("topic_missing"));
        let topics = ["quantapilot".to_owned()];
        assert_eq!(topical.decide(&Facts { topics: &topics, ..facts() }, README, Sighting::default()), Verdict::Start);
    }

    #[test]
    fn a_readme_of_headings_alone_says_nothing() {
        for empty in ["", " \n", "# todo", "# todo\n\n## Usage\n", "todo\n====\n", "# todo\n---\n"] {
            assert_eq!(
                rule().decide(&facts(), Some(empty), Sighting::default()),
                Verdict::Watch("readme_says_nothing"),
                "{empty:?}"
            );
        }
        for full in ["# todo\nA list", "todo", "====", "#hashtag", "- one\n- two"] {
            let verdict = rule().decide(&facts(), Some(full), Sighting::default());
            assert_eq!(verdict == Verdict::Start, full != "====", "{full:?}");
        }
    }
}
