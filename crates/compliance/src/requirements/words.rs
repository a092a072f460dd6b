//! Words that ask, labels, sentences: English and Russian.

use std::sync::LazyLock;

use regex::Regex;

use super::Priority;

static MUST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(must(?:n['’]t)?|shall|needs?|has to|have to|is required|are required|required to|expected to|i want|we want|would like|(?:i|we)['’]d like|wants? to|должен|должна|должно|должны|нужно|нужен|нужна|нужны|необходимо|необходим|необходима|необходимы|требуется|требуются|обязан|обязана|обязаны|обязательно|надо|нельзя|запрещено|хочу|хочет|хотим|хотят|хочется)\b",
    )
    .expect("the pattern is right")
});

static SHOULD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(should(?:n['’]t)?|ought to|следует|желательно|(?:хорошо|неплохо|здорово)(?: было)? бы|было бы (?:хорошо|неплохо|здорово)|рекомендуется)\b")
        .expect("the pattern is right")
});

static MAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(may|could|optional|optionally|nice to have|опционально|по возможности|необязательно)\b")
        .expect("the pattern is right")
});

/// "If you need help" and the like use the words and ask for nothing.
static IDLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(you (?:will |may |might |only |just )?(?:need|have to|must|should|want)(?:n['’]t)?|if (?:you|needed|required)|as needed|no need|(?:do|does)(?:n['’]t| not) need|need help|не (?:нужн[оаы]|требуется|требуются)|если нужно|при необходимости|вам (?:нужно|понадобится|потребуется|следует))\b")
        .expect("the pattern is right")
});

/// True when the words ask for something by themselves.
pub(super) fn asks(text: &str) -> bool {
    (MUST.is_match(text) || SHOULD.is_match(text)) && !IDLE.is_match(text)
}

pub(super) fn priority(text: &str) -> Option<Priority> {
    if SHOULD.is_match(text) {
        Some(Priority::Should)
    } else if MUST.is_match(text) {
        Some(Priority::Must)
    } else if MAY.is_match(text) {
        Some(Priority::May)
    } else {
        None
    }
}

/// Splits off the author's own label: `1.2`, `3)`, `FR-3:`, `[REQ-1]`, `US-4 –`.
pub(super) fn label(text: &str) -> (Option<&str>, &str) {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:\[?((?:[A-ZА-Я]{1,5}-?\d+(?:\.\d+)*))\]?\s*[:.)–—-]?\s+|(\d+(?:\.\d+)*)[.)]\s+|(\d+(?:\.\d+)+)\s+)").expect("the pattern is right")
    });
    match LABEL.captures(text) {
        Some(found) => {
            let label = found.get(1).or(found.get(2)).or(found.get(3)).map(|group| group.as_str());
            let rest = &text[found.get(0).map_or(0, |whole| whole.end())..];
            // "1.5 hours" and "99.9 %" are numbers.
            let number = found.get(3).is_some() && !rest.starts_with(char::is_uppercase);
            if number { (None, text) } else { (label, rest) }
        }
        None => (None, text),
    }
}

/// A table cell that only numbers its row.
pub(super) fn is_label(cell: &str) -> bool {
    static CELL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:[A-ZА-Я]{1,5}-?)?\d+(?:\.\d+)*[.)]?$").expect("the pattern is right"));
    CELL.is_match(cell)
}

/// Splits at full stops that end a sentence, not at those of abbreviations and numbers.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, mark) in text.char_indices().filter(|(_, character)| matches!(character, '.' | '!' | '?')) {
        let end = at + mark.len_utf8();
        let rest = &text[end..];
        let next = rest.trim_start().chars().next();
        let word = text[start..at].rsplit([' ', '(']).next().unwrap_or_default();
        let abbreviation = matches!(
            word.to_lowercase().as_str(),
            "e.g" | "i.e" | "etc" | "vs" | "т.е" | "т" | "др" | "пр" | "т.д" | "т.п" | "например"
        );
        if rest.starts_with(char::is_whitespace) && !abbreviation && next.is_none_or(|next| !next.is_lowercase()) {
            sentences.push(text[start..end].trim());
            start = end;
        }
    }
    sentences.push(text[start..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_split_off() {
        for (text, expected) in [
            ("1. Import", (Some("1"), "Import")),
            ("2.3 Export", (Some("2.3"), "Export")),
            ("FR-3: Login", (Some("FR-3"), "Login")),
            ("3 users at once", (None, "3 users at once")),
            ("1.5 hours of music", (None, "1.5 hours of music")),
            ("Plain", (None, "Plain")),
        ] {
            assert_eq!(label(text), expected, "{text}");
        }
    }

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(
            sentences("It must, e.g. Linux, run. Version 1.2 is out! Да."),
            ["It must, e.g. Linux, run.", "Version 1.2 is out!", "Да."]
        );
    }

    #[test]
    fn idle_words_ask_for_nothing() {
        assert!(asks("The service must start") && asks("Нужен вход по почте"));
        assert!(!asks("You must install Python") && !asks("If needed, restart"));
    }

    #[test]
    fn short_forms_ask_too() {
        assert_eq!(priority("Data shouldn't be lost"), Some(Priority::Should));
        for text in
            ["Data shouldn't be lost", "It mustn’t block", "It is expected to restart", "Кассир хочет видеть остаток"]
        {
            assert!(asks(text), "{text}");
        }
        assert!(
            !asks("You shouldn't commit the key") && !asks("It doesn't need accounts") && !asks("Вход не требуется")
        );
    }
}
