//! What a heading says about the text beneath it.

use super::Priority;
use crate::text::plain;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Lists under it are requirements.
    Asks,
    /// Nothing under it is asked for.
    Skips,
    Neutral,
}

const SKIPS: &[&str] = &[
    "install",
    "installation",
    "installing",
    "setup",
    "set up",
    "getting started",
    "quick start",
    "quickstart",
    "usage",
    "how to use",
    "how to run",
    "running",
    "build",
    "building",
    "development",
    "licence",
    "license",
    "contributing",
    "contribution",
    "contributors",
    "authors",
    "credits",
    "acknowledgements",
    "acknowledgments",
    "thanks",
    "links",
    "references",
    "resources",
    "see also",
    "further reading",
    "table of contents",
    "contents",
    "toc",
    "faq",
    "support",
    "contact",
    "changelog",
    "badges",
    "sponsors",
    "screenshots",
    "screenshot",
    "background",
    "prior art",
    "motivation",
    "glossary",
    "non goals",
    "non requirements",
    "not in scope",
    "prerequisites",
    "troubleshooting",
    "установка",
    "использование",
    "как использовать",
    "запуск",
    "быстрый старт",
    "начало работы",
    "сборка",
    "лицензия",
    "участие",
    "авторы",
    "благодарности",
    "ссылки",
    "полезные ссылки",
    "содержание",
    "оглавление",
    "контакты",
    "история изменений",
    "что не входит",
    "не цели",
    "чего не делаем",
    "вопросы и ответы",
    "предпосылки",
    "мотивация",
    "глоссарий",
];

/// The same, also for a row of a table that says so in a cell.
const REFUSES: &[&str] = &["out of scope", "wont have", "won t have", "не входит", "вне рамок"];

const ASKS: &[&str] = &[
    "requirement",
    "requirements",
    "features",
    "feature list",
    "functionality",
    "functional",
    "capabilities",
    "scope",
    "goals",
    "objectives",
    "user stories",
    "use cases",
    "acceptance",
    "specification",
    "what it does",
    "what it can do",
    "wishes",
    "wish list",
    "wishlist",
    "expectations",
    "expected",
    "functions",
    "milestones",
    "what it should do",
    "must have",
    "should have",
    "could have",
    "nice to have",
    "deliverables",
    "tasks",
    "todo",
    "to do",
    "constraints",
    "api",
    "endpoints",
    "routes",
    "commands",
    "behaviour",
    "behavior",
    "rules",
    "roadmap",
    "требования",
    "требование",
    "возможности",
    "функции",
    "функционал",
    "функциональность",
    "функциональные",
    "нефункциональные",
    "задачи",
    "задача",
    "цели",
    "что должно",
    "что нужно",
    "что делает",
    "что умеет",
    "сценарии",
    "пользовательские истории",
    "критерии",
    "ограничения",
    "эндпоинты",
    "команды",
    "обязательно",
    "желательно",
    "состав работ",
    "пожелания",
    "ожидания",
    "этапы",
    "техническое задание",
];

pub(super) fn class(heading: &str, level: u8) -> Class {
    let words = plain(super::words::label(heading).1);
    let is = |list: &[&str]| {
        list.iter().any(|known| {
            words == *known
                || (level > 1
                    && words.strip_prefix(known).is_some_and(|rest| rest.starts_with(' '))
                    && (known.contains(' ') || words.split(' ').count() <= 5))
        }) || (level > 1
            && words.split(' ').count() <= 4
            && list.iter().any(|known| words.ends_with(&format!(" {known}"))))
    };
    if is(SKIPS) || is(REFUSES) {
        Class::Skips
    } else if is(ASKS) || (level > 1 && words.split(' ').count() <= 7 && super::words::asks(heading)) {
        Class::Asks
    } else {
        Class::Neutral
    }
}

/// What the words before a list say about it.
pub(super) fn class_of_intro(intro: &str) -> Class {
    match class(intro, 2) {
        Class::Neutral if super::words::asks(intro) => Class::Asks,
        other => other,
    }
}

pub(super) fn priority(heading: &str) -> Option<Priority> {
    let words = plain(heading);
    let has = |list: &[&str]| list.iter().any(|known| words.contains(known));
    if has(&["nice to have", "could have", "optional", "bonus", "опционально", "по возможности"])
    {
        Some(Priority::May)
    } else if has(&["should have", "желательно"]) {
        Some(Priority::Should)
    } else if has(&["must have", "обязательн"]) {
        Some(Priority::Must)
    } else {
        None
    }
}

/// A table cell that says that its row is not asked for.
pub(super) fn refuses(cell: &str) -> bool {
    let words = plain(cell);
    matches!(words.as_str(), "wont" | "won t") || REFUSES.contains(&words.as_str())
}

pub(super) fn is_requirement_column(header: &str) -> bool {
    let words = plain(header);
    [
        "requirement",
        "requirements",
        "feature",
        "user story",
        "требование",
        "требования",
        "функция",
        "возможность",
        "задача",
    ]
    .contains(&words.as_str())
}
