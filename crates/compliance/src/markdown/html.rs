//! The little HTML that Markdown documents carry: ids, links, images, comments.

/// Calls `seen(attribute, value, offset)` for `id`, `name`, `href` and `src` of the tags in a fragment of HTML.
pub fn attributes<'a>(html: &'a str, mut seen: impl FnMut(&str, &'a str, &'a str, usize)) {
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', &bytes[at..]).map(|found| at + found) {
        if html[open..].starts_with("<!--") {
            match html[open..].find("-->") {
                Some(end) => {
                    at = open + end + 3;
                    continue;
                }
                None => return,
            }
        }
        let name_end = html[open + 1..]
            .find(|character: char| !character.is_ascii_alphanumeric())
            .map_or(html.len(), |end| open + 1 + end);
        let tag = &html[open + 1..name_end];
        at = name_end.max(open + 1);
        if tag.is_empty() {
            continue;
        }
        while at < bytes.len() && bytes[at] != b'>' {
            if bytes[at].is_ascii_whitespace() || bytes[at] == b'/' {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && !matches!(bytes[at], b'=' | b'>' | b'/') && !bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            if at == start {
                at += 1;
                continue;
            }
            let attribute = &html[start..at];
            if at >= bytes.len() || bytes[at] != b'=' {
                continue;
            }
            at += 1;
            let (value, value_start) = if let Some(quote @ (b'"' | b'\'')) = bytes.get(at) {
                let from = at + 1;
                let Some(length) = memchr::memchr(*quote, &bytes[from..]) else { return };
                at = from + length + 1;
                (&html[from..from + length], from)
            } else {
                let from = at;
                while at < bytes.len() && !bytes[at].is_ascii_whitespace() && bytes[at] != b'>' {
                    at += 1;
                }
                (&html[from..at], from)
            };
            let attribute = attribute.to_ascii_lowercase();
            if matches!(attribute.as_str(), "id" | "name" | "href" | "src") {
                seen(&attribute, value, tag, value_start);
            }
        }
    }
}

/// The words of `<h1>` to `<h6>`, which get an anchor like any heading.
pub fn headings(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<h").or_else(|| rest.find("<H")) {
        rest = &rest[at + 2..];
        let level = rest.as_bytes().first().copied().unwrap_or_default();
        if !(b'1'..=b'6').contains(&level) {
            continue;
        }
        let Some(start) = rest.find('>') else { break };
        let words = &rest[start + 1..];
        let end = words.find("</h").or_else(|| words.find("</H")).unwrap_or(words.len().min(300));
        let mut text = String::new();
        let mut inside = false;
        for character in words.get(..end).unwrap_or_default().chars() {
            match character {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(character),
                _ => {}
            }
        }
        found.push(text.trim().to_owned());
        rest = words;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lose_their_tags() {
        assert_eq!(headings("<h3 align=center>Our <b>sponsors</b></h3><hr><H1>x"), ["Our sponsors", "x"]);
    }

    #[test]
    fn attributes_are_found_outside_comments() {
        let mut found = Vec::new();
        attributes("<a name='x' href=\"y.md\"><img src=z.png><!-- <a id=\"no\"> --><p", |name, value, tag, _| {
            found.push(format!("{tag}.{name}={value}"));
        });
        assert_eq!(found, ["a.name=x", "a.href=y.md", "img.src=z.png"]);
    }
}
