//! The Handlebars templates, compiled into the binary. What goes in is escaped for where it goes.

use handlebars::Handlebars;
use serde::Serialize;

/// Every template: its name and the sources of its parts.
macro_rules! templates {
    ($($name:literal: $($part:literal),+;)+) => {
        &[$($((concat!($name, "/", $part), include_str!(concat!("../templates/", $name, "/", $part, ".hbs")))),+),+]
    };
}

const SOURCES: &[(&str, &str)] = templates! {
    "approval_request": "subject", "text", "html", "telegram";
    "reminder": "subject", "text", "html", "telegram";
    "stage": "subject", "text", "html", "telegram";
    "failure": "subject", "text", "html", "telegram";
    "completed": "subject", "text", "html", "telegram";
    "alert": "subject", "text", "html", "telegram";
    "approval_page": "html";
};

/// All templates, ready to fill in.
pub struct Templates {
    markup: Handlebars<'static>,
    plain: Handlebars<'static>,
}

impl Templates {
    /// Compiles them; a mistake in one stops the process at start.
    pub fn load() -> anyhow::Result<Self> {
        let mut markup = Handlebars::new();
        let mut plain = Handlebars::new();
        markup.register_escape_fn(escape);
        plain.register_escape_fn(handlebars::no_escape);
        markup.set_strict_mode(true);
        plain.set_strict_mode(true);
        for (name, source) in SOURCES {
            // An editor's line end at the end of the file is not part of the message.
            let source = source.trim_end();
            if name.ends_with("/html") || name.ends_with("/telegram") {
                markup.register_template_string(name, source)?;
            } else {
                plain.register_template_string(name, source)?;
            }
        }
        Ok(Self { markup, plain })
    }

    /// Fills in `<name>/<part>`.
    pub fn render(&self, name: &str, part: &str, values: &impl Serialize) -> anyhow::Result<String> {
        let registry = if matches!(part, "html" | "telegram") { &self.markup } else { &self.plain };
        Ok(registry.render(&format!("{name}/{part}"), values)?)
    }
}

/// Escapes for HTML text and attributes, with the four references that Telegram knows.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles_and_escapes() {
        let templates = Templates::load().unwrap();
        let values = serde_json::json!({
            "project": "<b>&amp;", "title": "<i>", "text": "a\n<script>", "link": null, "asks": true, "short_id": "D-1", "deadline": null,
            "outcome": null, "confirming": null, "approve_url": null, "choices": [], "instance": "x",
        });
        for kind in ["approval_request", "reminder", "stage", "failure", "completed"] {
            for part in ["html", "telegram"] {
                let text = templates.render(kind, part, &values).unwrap();
                assert!(!text.contains("<script>"), "{kind}/{part}: {text}");
                assert!(text.contains("&lt;b&gt;&amp;amp;"), "{kind}/{part}: {text}");
            }
            assert!(!templates.render(kind, "subject", &values).unwrap().contains('\n'));
        }
        for part in ["html", "telegram"] {
            let text = templates.render("alert", part, &values).unwrap();
            assert!(!text.contains("<script>") && text.contains("&lt;i&gt;"), "alert/{part}: {text}");
        }
    }
}
