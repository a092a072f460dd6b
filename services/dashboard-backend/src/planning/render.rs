//! Foreign Markdown as HTML that is safe to show: no scripts, no styles, no remote pictures, links that say nothing of us.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Options, Parser, html};

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        // A picture would tell its server who looks, and when.
        .rm_tags(["img", "map", "area"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// Longer texts are cut: a page of that size is no page.
const LONGEST: usize = 512 * 1024;

/// Renders Markdown and cleans what came out.
pub fn markdown(text: &str) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut rendered = String::new();
    html::push_html(
        &mut rendered,
        Parser::new_ext(
            &text[..end],
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS,
        ),
    );
    CLEANER.clean(&rendered).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_harmless() {
        let html = markdown(
            "# Hi\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) ![p](http://t/p.png) <a href=\"https://e\" onclick=\"x()\">e</a>",
        );
        assert!(html.contains("<h1>Hi</h1>"));
        for bad in ["script", "alert", "onerror", "javascript:", "<img", "onclick"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
        assert!(html.contains("noopener"));
    }
}
