//! Memory follows the largest file and the list of names, not what the tree says.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{borrow::Cow, fmt::Write as _, io, sync::Mutex};

use compliance::{
    Config, Report, Tree, check,
    tree::{Entry, Kind},
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The allocator counts for the whole process: one measurement at a time.
static ONE: Mutex<()> = Mutex::new(());

/// Documents that are made when they are read, so that the tree itself takes no room but for its list.
struct Made {
    entries: Vec<Entry>,
    /// How often each paragraph is said.
    length: usize,
}

impl Made {
    fn new(documents: usize, length: usize) -> Self {
        let path = |page: usize| format!("docs/p{page:05}.md");
        let entry = |page| Entry { path: path(page), size: 0, kind: Kind::File };
        Self { entries: (0..documents).map(entry).collect(), length }
    }
}

impl Tree for Made {
    fn entries(&self) -> Cow<'_, [Entry]> {
        Cow::Borrowed(&self.entries)
    }

    fn read(&self, path: &str) -> io::Result<Cow<'_, [u8]>> {
        let page: usize = path.trim_matches(|each: char| !each.is_ascii_digit()).parse().unwrap();
        let next = (page + 1) % self.entries.len();
        let mut text = format!("# Page {page}\n");
        for part in 0..6 {
            let said = "The service reads its settings and answers what it is asked for. ".repeat(self.length);
            let _ = write!(
                text,
                "\n## Part {part}\n\n{said}\n\nSee [the next](p{next:05}.md#part-{part}), `SHOP_PORT` and `make build`.\n\n\
                 - one\n- two\n\n```sh\nmake build --fast\n```\n\n| Key | What |\n| --- | --- |\n| `a_key` | x |\n"
            );
        }
        Ok(Cow::Owned(text.into_bytes()))
    }
}

/// The report, and the bytes that the check took at its highest.
fn measured(tree: &dyn Tree) -> (Report, usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let report = pool.install(|| check(tree, &Config::default()));
    (report, MEMORY.peak_usage().saturating_sub(before))
}

#[test]
fn a_document_more_costs_a_fraction_of_its_text() {
    let _one = ONE.lock().unwrap();
    // Expressions are built at their first use.
    measured(&Made::new(10, 20));
    let (_, few) = measured(&Made::new(500, 20));
    let (report, many) = measured(&Made::new(2500, 20));
    assert_eq!(report.summary.documents, 2500);
    let each = many.saturating_sub(few) / 2000;
    let text = Made::new(2, 20).read("docs/p00000.md").unwrap().len();
    assert!(text > 8000 && each < 600, "{each} bytes are kept of a document of {text} bytes");
}

#[test]
fn longer_texts_cost_no_more_than_the_longest() {
    let _one = ONE.lock().unwrap();
    measured(&Made::new(10, 20));
    let (short, long) = (Made::new(300, 20), Made::new(300, 160));
    let text = |tree: &Made| tree.read("docs/p00000.md").unwrap().len();
    let more = text(&long) - text(&short);
    let (_, first) = measured(&short);
    let (_, second) = measured(&long);
    let grown = second.saturating_sub(first);
    // Two files are read at a time, into buffers that double while they grow. All texts together are 300 times as much.
    assert!(grown < 8 * more, "{grown} bytes more for texts that are {more} bytes longer");
}
