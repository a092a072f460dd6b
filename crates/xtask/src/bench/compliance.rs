//! Speed of the documents' check beside other Markdown linters, on one generated tree of 10,000 documents.
//!
//! Peers are used when their programs are installed beside the run or on the path: `rumdl`, `markdownlint-cli2` and `remark` (with
//! `remark-preset-lint-recommended`), all from npm. A peer that is not there is named and left out.

use std::{
    fmt::Write as _,
    fs, io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const FOLDERS: usize = 100;
const PAGES: usize = 100;
const ROUNDS: usize = 3;

/// One program's best time of several rounds; nothing when it cannot be started.
pub(crate) struct Measure {
    pub(crate) program: String,
    pub(crate) best: Option<Duration>,
}

/// Writes the tree into `folder` and measures `own` (the released `quantapilot-compliance`) and its peers on it.
pub(crate) fn run(folder: &Path, own: &Path, peers: &Path) -> io::Result<Vec<Measure>> {
    write_tree(folder)?;
    let own = own.to_string_lossy().into_owned();
    let programs: [(&str, Vec<&str>); 4] = [
        (&own, vec!["check", "--format", "json", "."]),
        ("rumdl", vec!["check", "--no-cache", "."]),
        ("markdownlint-cli2", vec!["**/*.md"]),
        ("remark", vec!["--quiet", "--use", "preset-lint-recommended", "."]),
    ];
    Ok(programs
        .iter()
        .map(|(program, arguments)| Measure {
            program: (*program).to_owned(),
            best: best(folder, program, arguments, peers),
        })
        .collect())
}

/// The least of several rounds: other load on the machine only ever adds.
fn best(folder: &Path, program: &str, arguments: &[&str], peers: &Path) -> Option<Duration> {
    (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            let installed = peers.join(program);
            let status = Command::new(if installed.exists() { installed.as_os_str() } else { program.as_ref() })
                .args(arguments)
                .current_dir(folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            // Findings make an exit code of 1, which is an answer; only a program that is not there is none.
            status.ok().map(|_| started.elapsed())
        })
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .min()
}

/// Pages of about 7 kB with headings, prose, links that resolve, lists and commands; the same bytes every time.
fn write_tree(folder: &Path) -> io::Result<()> {
    const WORDS: &str = "the service reads its settings from a file and answers requests with plain text when nothing \
                         else was asked for by the client that called it";
    fs::write(folder.join("README.md"), "# Bench\n\nA tree for measuring speed.\n")?;
    for section in 0..FOLDERS {
        let place = folder.join(format!("docs/s{section:02}"));
        fs::create_dir_all(&place)?;
        for page in 0..PAGES {
            let next = (page + 1) % PAGES;
            let mut text = format!("# Page {page}\n");
            for part in 0..6 {
                let _ = write!(text, "\n## Part {part}\n");
                for _ in 0..3 {
                    let _ = write!(text, "\n{WORDS}, and {WORDS}. See [the next](p{next}.md#part-{part}) and `x`.\n");
                }
                text.push_str("\n- one\n- two\n\n```sh\nmake build\n```\n");
            }
            fs::write(place.join(format!("p{page}.md")), text)?;
        }
    }
    Ok(())
}

/// A table for people.
pub(crate) fn table(measures: &[Measure]) -> String {
    let mut table = String::new();
    for measure in measures {
        let time =
            measure.best.map_or_else(|| "not installed".to_owned(), |best| format!("{:.2} s", best.as_secs_f64()));
        let name =
            Path::new(&measure.program).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let _ = writeln!(table, "{name:28} {time:>14}");
    }
    table
}
