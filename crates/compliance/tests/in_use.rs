//! The hook and the workflow that the command prints, in real use: commits in a real repository, steps in a real shell.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const GOOD: &str = "# Shop\n\nA shop for small towns.\n\nSee [the guide](docs/guide.md).\n";
const BAD: &str = "# Shop\n\nA shop for small towns.\n\nSee [the guide](docs/giude.md).\n";

/// A repository, and a folder of programs that comes first on its path.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(place.programs()).unwrap();
        fs::create_dir_all(place.repository()).unwrap();
        std::os::unix::fs::symlink(
            env!("CARGO_BIN_EXE_quantapilot-compliance"),
            place.programs().join("quantapilot-compliance"),
        )
        .unwrap();
        for arguments in
            [&["init", "--quiet"][..], &["config", "user.name", "Ann"], &["config", "user.email", "ann@example.com"]]
        {
            assert!(place.git(arguments).status.success());
        }
        place.write("README.md", GOOD);
        place.write("docs/guide.md", "# Guide\n\nHow to buy.\n");
        place.write("LICENSE", "MIT License\n\nPermission is hereby granted, free of charge, to any person\n");
        place
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("a shop")
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.programs().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.repository().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let path = format!("{}:{}", self.programs().display(), usual.to_string_lossy());
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.repository()).env("PATH", path);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap()
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.run("git", arguments)
    }

    fn commits(&self) -> usize {
        let log = self.git(&["log", "--format=%H"]);
        String::from_utf8_lossy(&log.stdout).lines().count()
    }
}

fn own(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quantapilot-compliance")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_hook_lets_good_commits_through_and_stops_bad_ones() {
    let place = Place::new();
    assert!(own(&["hook", "--install"], &place.repository()).status.success());
    place.git(&["add", "--all"]);
    let first = place.git(&["commit", "--quiet", "--message", "Add the shop"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stdout));

    place.write("README.md", BAD);
    place.git(&["add", "README.md"]);
    let stopped = place.git(&["commit", "--quiet", "--message", "Break the link"]);
    let said = String::from_utf8_lossy(&stopped.stdout).into_owned() + &String::from_utf8_lossy(&stopped.stderr);
    assert!(!stopped.status.success() && said.contains("README.md:5:") && said.contains("link-file-missing"), "{said}");
    assert_eq!(place.commits(), 1);

    // What is staged counts: a repair that is only on disk does not help, a new break that is only on disk does not hurt.
    place.write("README.md", GOOD);
    assert!(!place.git(&["commit", "--quiet", "--message", "Still broken"]).status.success());
    place.write("docs/guide.md", "# Guide\n\nHow to buy and sell.\n");
    place.git(&["add", "--all"]);
    place.write("README.md", BAD);
    assert!(place.git(&["commit", "--quiet", "--message", "Tell how to sell"]).status.success());
    // `commit --all` stages into an index of its own, which the hook has to look at.
    assert!(!place.git(&["commit", "--quiet", "--all", "--message", "Break it after all"]).status.success());
    assert!(place.git(&["commit", "--quiet", "--all", "--no-verify", "--message", "Go around"]).status.success());
    assert_eq!(place.commits(), 3);
}

#[test]
fn the_hook_steps_aside_for_another_and_where_nothing_is_installed() {
    let place = Place::new();
    place.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n");
    let refused = own(&["hook", "--install"], &place.repository());
    assert_eq!(refused.status.code(), Some(2), "somebody's hook is not overwritten");
    fs::remove_file(place.repository().join(".git/hooks/pre-commit")).unwrap();
    assert!(own(&["hook", "--install"], &place.repository()).status.success());
    assert!(own(&["hook", "--install"], &place.repository()).status.success(), "a second time changes nothing");

    fs::remove_file(place.programs().join("quantapilot-compliance")).unwrap();
    place.write("README.md", BAD);
    place.git(&["add", "--all"]);
    let passed = place.git(&["commit", "--quiet", "--message", "Without the program"]);
    assert!(passed.status.success());
    assert!(String::from_utf8_lossy(&passed.stderr).contains("is not installed"));
}

/// A container engine that runs the one image there is: its arguments are checked, then the program is called on the tree.
const DOCKER: &str = r#"#!/bin/sh
set -eu
[ "$1" = run ] && [ "$2" = --rm ] && [ "$3" = --user ] && [ "$5" = --volume ]
tree=${6%:/tree:ro}
[ "$tree" != "$6" ] && [ "$7" = "quantapilot/quantapilot:test" ]
shift 7
[ "$1" = compliance ] && shift
# The last argument is the tree inside the container.
for last; do :; done
[ "$last" = /tree ]
exec quantapilot-compliance "$1" "$2" "$3" "$tree"
"#;

#[test]
fn the_workflow_fails_with_annotations_and_passes_when_they_are_gone() {
    let place = Place::new();
    place.program("docker", DOCKER);
    let printed = own(&["workflow"], &place.repository());
    let workflow = String::from_utf8(printed.stdout).unwrap();
    // The step as GitHub's runner gets it: a folded block becomes one line.
    let (_, block) = workflow.split_once("run: >-\n").unwrap();
    let script = block.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(script.starts_with("docker run "), "{workflow}");
    let step = || {
        let script = format!("export QUANTAPILOT_IMAGE=quantapilot/quantapilot:test\n{script}");
        let done = place.run("bash", &["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script]);
        (done.status.code(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8_lossy(&done.stderr))
    };
    assert_eq!(step(), (Some(0), String::new()));
    place.write("README.md", BAD);
    let (code, said) = step();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("::error file=README.md,line=5,"), "{said}");
}
