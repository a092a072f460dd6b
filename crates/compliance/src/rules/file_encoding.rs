use crate::{
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "file-encoding",
    category: Category::Files,
    severity: Severity::Error,
    on: true,
    summary: "A document is UTF-8 without a byte order mark or zero bytes",
    why: "Other encodings turn letters into question marks, and the mark keeps front matter from being seen.",
    remedy: "Save the file as UTF-8 without a byte order mark; `--fix` removes the mark",
    check: Check::Page(check),
    cases: &[
        Case { name: "a byte order mark", files: &[("a.md", "\u{feff}# A\n")], expect: &[("a.md", 1)] },
        Case { name: "a zero byte", files: &[("a.md", "# A\n\nx\0y\n")], expect: &[("a.md", 3)] },
        Case { name: "letters of any language", files: &[("a.md", "# Ж 日本 é\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if page.bytes.starts_with(b"\xef\xbb\xbf") {
        let fix = vec![Edit { start: 0, end: 3, text: String::new() }];
        sink.fixable(page.path(), 1, 1, "the file begins with a byte order mark".to_owned(), fix);
    }
    if let Err(error) = std::str::from_utf8(page.bytes) {
        let line = memchr::memchr_iter(b'\n', &page.bytes[..error.valid_up_to()]).count() + 1;
        sink.report(page.path(), u32::try_from(line).unwrap_or(1), 1, "the file is not UTF-8".to_owned());
    } else if let Some(at) = memchr::memchr(0, page.bytes) {
        let (line, column) = page.position(at);
        sink.report(page.path(), line, column, "the file holds a zero byte".to_owned());
    }
}
