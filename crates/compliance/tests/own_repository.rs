//! The repository that this crate lives in passes the check it sells.

use std::path::Path;

use compliance::{Config, Severity, check, config, output, tree::Directory};

#[test]
fn this_repository_passes_its_own_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let settings = std::fs::read_to_string(root.join(config::FILE)).unwrap();
    // Without a day: whether a waiver has run out is for the command to say, not for a build of an old revision.
    let settings = Config::parse(&settings).unwrap_or_else(|problems| panic!("{}: {problems}", config::FILE));
    let report = check(&Directory::open(root).unwrap(), &settings);
    assert!(report.summary.documents >= 10, "the documents were read: {:?}", report.summary);
    assert!(
        !report.fails(Severity::Warning),
        "`quantapilot compliance check` fails:\n{}",
        output::render(&report, output::Format::Human, false)
    );
}
