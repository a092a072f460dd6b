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
            let (value, value_start) = match bytes.get(at) {
                Some(quote @ (b'"' | b'\'')) => {
                    let from = at + 1;
                    let Some(length) = memchr::memchr(*quote, &bytes[from..]) else { return };
                    at = from + length + 1;
                    (&html[from..from + length], from)
                }
                _ => {
                    let from = at;
                    while at < bytes.len() && !bytes[at].is_ascii_whitespace() && bytes[at] != b'>' {
                        at += 1;
                    }
                    (&html[from..at], from)
                }
            };
            let attribute = attribute.to_ascii_lowercase();
            if matches!(attribute.as_str(), "id" | "name" | "href" | "src") {
                seen(&attribute, value, tag, value_start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_outside_comments() {
        let mut found = Vec::new();
        attributes("<a name='x' href=\"y.md\"><img src=z.png><!-- <a id=\"no\"> --><p", |name, value, tag, _| {
            found.push(format!("{tag}.{name}={value}"));
        });
        assert_eq!(found, ["a.name=x", "a.href=y.md", "img.src=z.png"]);
    }
}
