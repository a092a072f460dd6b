//! Foreign text made fit for messages: cleaned of what could forge a layout, and cut to size.

/// Length as Telegram counts it, in UTF-16 units.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Cuts to at most `max` UTF-16 units; an ellipsis says that something is missing.
pub fn cut(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(1);
    let mut short = String::new();
    for c in text.chars() {
        if c.len_utf16() > left {
            break;
        }
        left -= c.len_utf16();
        short.push(c);
    }
    format!("{}…", short.trim_end())
}

/// For names, titles and mail headers: no line ends, no invisible characters, at most `max` units.
pub fn one_line(text: &str, max: usize) -> String {
    let spaced: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| is_visible(*c)).collect();
    cut(&spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "), max)
}

/// For paragraphs: line ends stay (at most one empty line in a row), invisible characters go, at most `max` units.
pub fn block(text: &str, max: usize) -> String {
    let clean: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || is_visible(*c))
        .collect();
    let mut lines: Vec<&str> = Vec::new();
    for line in clean.lines().map(str::trim_end) {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    cut(lines.join("\n").trim(), max)
}

/// Takes every NUL out of a JSON value, keys included: Postgres cannot keep one, and nobody means it.
pub fn strip_nul(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) => text.retain(|c| c != '\0'),
        Value::Array(items) => items.iter_mut().for_each(strip_nul),
        Value::Object(fields) => {
            if fields.keys().any(|key| key.contains('\0')) {
                *fields =
                    std::mem::take(fields).into_iter().map(|(key, value)| (key.replace('\0', ""), value)).collect();
            }
            fields.values_mut().for_each(strip_nul);
        }
        _ => {}
    }
}

/// The same for anything that is JSON on the wire.
pub fn without_nul<T: serde::Serialize + serde::de::DeserializeOwned>(value: T) -> serde_json::Result<T> {
    let mut json = serde_json::to_value(value)?;
    strip_nul(&mut json);
    serde_json::from_value(json)
}

/// Control characters, and those that turn the direction of what follows: with them a name could rewrite a sentence.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_utf16_and_never_splits_a_character() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("😀😀😀", 5), "😀😀…");
        assert_eq!(cut("😀😀😀", 4), "😀…");
        assert_eq!(units(&cut(&"ж".repeat(9000), 4096)), 4096);
    }

    #[test]
    fn a_name_cannot_forge_a_line_or_a_direction() {
        assert_eq!(one_line("todo\r\nBcc: x@y.z\u{202E}evil", 100), "todo Bcc: x@y.zevil");
        assert_eq!(block("a\n\n\n\nb\u{0}\r\nc", 100), "a\n\nb\nc");
    }
}
