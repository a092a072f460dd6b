//! The engine over its three kinds of trees, with settings, waivers and baselines.

use std::{borrow::Cow, fs, io, path::Path, process::Command};

use compliance::{
    Config, Files, Severity, Tree,
    baseline::Baseline,
    check,
    tree::{Directory, Entry, Kind, Revision},
};

fn small() -> Files {
    Files::new()
        .with("README.md", "# X\n\nWords about it, a few.\n\nSee [g](gone.md) and [h](off.md).\n")
        .with("LICENSE", "MIT License\n")
}

#[test]
fn the_same_tree_gives_the_same_report_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in &small().0 {
        fs::write(folder.path().join(path), bytes).unwrap();
    }
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(folder.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "x"]);
    let memory = check(&small(), &Config::default());
    let disk = check(&Directory::open(folder.path()).unwrap(), &Config::default());
    let revision = check(&Revision::open(folder.path(), "HEAD").unwrap(), &Config::default());
    assert_eq!(memory, disk);
    assert_eq!(memory, revision);
    assert_eq!(memory.of("link-file-missing").count(), 2);
    assert!(Revision::open(folder.path(), "--output=x").is_err() && Revision::open(folder.path(), "nowhere").is_err());
}

#[test]
fn ignored_files_are_left_out_and_still_no_link_target() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".gitignore"), "private.md\n").unwrap();
    fs::write(folder.path().join("private.md"), "[x]()\n").unwrap();
    fs::write(folder.path().join("README.md"), "# X\n\n[p](private.md)\n").unwrap();
    let report = check(&Directory::open(folder.path()).unwrap(), &Config::default());
    assert_eq!(report.of("link-empty").count(), 0);
    assert_eq!(report.of("link-file-missing").count(), 1);
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.md"), "# S\n\n[x]()\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("docs")).unwrap();
    fs::write(root.join("docs/real.md"), "# R\n").unwrap();
    symlink(outside.path(), root.join("out")).unwrap();
    symlink(outside.path().join("secret.md"), root.join("secret.md")).unwrap();
    symlink("docs", root.join("alias")).unwrap();
    symlink("loop-b", root.join("loop-a")).unwrap();
    symlink("loop-a", root.join("loop-b")).unwrap();
    symlink(".", root.join("self")).unwrap();
    fs::write(root.join("README.md"), "# X\n\n[a](alias/real.md) [b](alias/gone.md) [c](out/secret.md) [d](loop-a/x.md) [e](self/self/docs/real.md)\n").unwrap();
    let tree = Directory::open(root).unwrap();
    assert!(tree.read("secret.md").is_err() && tree.read("../x").is_err() && tree.read("out/secret.md").is_err());
    let report = check(&tree, &Config::default());
    assert_eq!(report.of("link-empty").count(), 0, "the file outside was read");
    let missing: Vec<&str> = report.of("link-file-missing").map(|finding| finding.message.as_str()).collect();
    assert_eq!(missing, ["`alias/gone.md` is not in the tree"]);
}

struct Locked;

impl Tree for Locked {
    fn entries(&self) -> Cow<'_, [Entry]> {
        Cow::Owned(vec![Entry { path: "locked.md".to_owned(), size: 3, kind: Kind::File }])
    }

    fn read(&self, _: &str) -> io::Result<Cow<'_, [u8]>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding() {
    let report = check(&Locked, &Config::only("file-unreadable"));
    assert_eq!(report.findings[0].message, "cannot be read: permission denied");
}

/// A workspace whose README is a link to that of its main package.
struct Linked;

impl Tree for Linked {
    fn entries(&self) -> Cow<'_, [Entry]> {
        let file = |path: &str| Entry { path: path.to_owned(), size: 20, kind: Kind::File };
        let link = Entry { path: "README.md".to_owned(), size: 0, kind: Kind::Symlink("main/README.md".to_owned()) };
        Cow::Owned(vec![link, file("main/README.md")])
    }

    fn read(&self, _: &str) -> io::Result<Cow<'_, [u8]>> {
        Ok(Cow::Borrowed(b"# X\n\nA thing.\n"))
    }
}

#[test]
fn a_readme_may_be_a_link_to_one() {
    assert_eq!(check(&Linked, &Config::only("readme-missing")).findings, []);
}

const WAIVER: &str = "[[waiver]]\nrule = \"link-file-missing\"\npath = \"README.md\"\nmessage = \"gone.md\"\nreason = \"written next week\"\nowner = \"ann\"\nexpires = \"2025-12-31\"\n";

#[test]
fn a_waiver_covers_what_it_names_until_its_last_day() {
    let tree = small().with("compliance-waivers.toml", WAIVER);
    let on = |day: &str| check(&tree, &Config { today: Some(day.to_owned()), ..Config::default() });
    let before = on("2025-12-31");
    assert_eq!(before.of("link-file-missing").count(), 1);
    assert_eq!(before.waived[0].owner, "ann");
    let after = on("2026-01-01");
    assert_eq!(after.of("link-file-missing").count(), 2);
    assert_eq!(after.of("waiver-expired").count(), 1);
    assert!(after.waived.is_empty());
}

#[test]
fn a_baseline_hides_what_was_there_and_nothing_else() {
    let first = check(&small(), &Config::default());
    let baseline = Baseline::parse(&Baseline::of(&first).to_json()).unwrap();
    let config = Config { baseline: Some(baseline), ..Config::default() };
    let clean = check(&small(), &config);
    assert_eq!((clean.findings.len(), clean.summary.baselined), (0, first.findings.len()));
    let moved = Files::new().with("README.md", "# X\n\nNew first line here.\n\nWords about it, a few.\n\nSee [g](gone.md) and [h](off.md) and [i](new.md).\n").with("LICENSE", "MIT License\n");
    let found: Vec<String> = check(&moved, &config).findings.into_iter().map(|finding| finding.message).collect();
    assert_eq!(found, ["`new.md` is not in the tree"]);
}

#[test]
fn settings_turn_rules_off_and_change_their_weight() {
    let config =
        Config::parse("exclude = [\"docs/**\"]\n[rules]\nlink-file-missing = \"info\"\nreadme-missing = \"off\"\n")
            .unwrap();
    let tree = small().with("docs/a.md", "[x]()\n");
    let report = check(&tree, &config);
    assert!(report.of("link-file-missing").all(|finding| finding.severity == Severity::Info));
    assert_eq!(report.of("link-empty").count(), 0);
    assert!(!report.fails(Severity::Warning), "{:?}", report.findings);
}

#[test]
fn directories_that_are_not_there_are_errors() {
    assert!(Directory::open(Path::new("/nowhere/at/all")).is_err());
}
