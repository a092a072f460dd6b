//! Speed of the documents' check beside other Markdown linters, on one generated tree of 10,000 documents.
//!
//! Peers are used when their programs are installed beside the run or on the path: `rumdl`, `markdownlint-cli2` and `remark`, once with
//! `remark-preset-lint-recommended` and once as a link checker with `remark-validate-links`, all from npm; and `lychee`, which checks links
//! without the network here, from the Python registry. A peer that is not there is named and left out.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const FOLDERS: usize = 100;
const PAGES: usize = 100;
const ROUNDS: usize = 3;

/// One program's best time of several rounds, and its memory at the highest; nothing when it cannot be started.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) best: Option<Duration>,
    pub(crate) peak_mebibytes: Option<u64>,
}

/// Writes the tree into `folder` and measures `own` (the released `quantapilot-compliance`) and its peers on it.
pub(crate) fn run(folder: &Path, own: &Path, peers: &[PathBuf]) -> io::Result<Vec<Measure>> {
    write_tree(folder, 1, PAGES)?;
    let own = own.to_string_lossy().into_owned();
    let programs: [(&'static str, &str, &[&str]); 6] = [
        ("quantapilot-compliance", &own, &["check", "--format", "json", "."]),
        ("rumdl", "rumdl", &["check", "--no-cache", "."]),
        ("markdownlint-cli2", "markdownlint-cli2", &["**/*.md"]),
        ("remark, recommended", "remark", &["--quiet", "--use", "preset-lint-recommended", "."]),
        ("remark, links", "remark", &["--quiet", "--use", "validate-links=repository:false", "."]),
        ("lychee, links, offline", "lychee", &["--offline", "--no-progress", "."]),
    ];
    Ok(programs.iter().map(|(name, program, arguments)| measure(folder, name, program, arguments, peers)).collect())
}

/// The same number of documents with eight times the text: what memory depends on.
pub(crate) fn run_large(folder: &Path, own: &Path) -> io::Result<Measure> {
    write_tree(folder, 8, PAGES)?;
    let own = own.to_string_lossy();
    let arguments = ["check", "--format", "json", "."];
    Ok(measure(folder, "quantapilot-compliance, 8 times the text", &own, &arguments, &[]))
}

/// 10,000 files as a project has them: one in ten is a document, the others are code.
pub(crate) fn run_ordinary(folder: &Path, own: &Path) -> io::Result<Measure> {
    write_ordinary_tree(folder)?;
    let own = own.to_string_lossy();
    let arguments = ["check", "--format", "json", "."];
    Ok(measure(folder, "quantapilot-compliance, 10,000 files of a project", &own, &arguments, &[]))
}

/// The least of several rounds: other load on the machine only ever adds.
fn measure(folder: &Path, name: &'static str, program: &str, arguments: &[&str], peers: &[PathBuf]) -> Measure {
    let installed = peers.iter().map(|folder| folder.join(program)).find(|path| path.exists());
    let program = installed.as_ref().map_or(program.as_ref(), |path| path.as_os_str());
    let mut measure = Measure { name, best: None, peak_mebibytes: None };
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { return measure };
        let peak = watch_memory(child.id());
        // Findings make an exit code of 1, which is an answer; only a program that is not there is none.
        if child.wait().is_err() {
            return measure;
        }
        let took = started.elapsed();
        measure.best = Some(measure.best.map_or(took, |best| best.min(took)));
        measure.peak_mebibytes = measure.peak_mebibytes.max(peak.join().ok().flatten());
    }
    measure
}

/// The highest memory of a process, read while it lives. The children of one that only starts others are not counted.
fn watch_memory(process: u32) -> thread::JoinHandle<Option<u64>> {
    thread::spawn(move || {
        let mut highest = None;
        while let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(kibibytes) = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()) else {
                break;
            };
            highest = Some(kibibytes / 1024);
            thread::sleep(Duration::from_millis(5));
        }
        highest
    })
}

/// Pages of about 7 kB with headings, prose, links that resolve, lists and commands; the same bytes every time. `length` repeats the prose.
fn write_tree(folder: &Path, length: usize, pages: usize) -> io::Result<()> {
    const WORDS: &str = "the service reads its settings from a file and answers requests with plain text when nothing \
                         else was asked for by the client that called it";
    fs::write(folder.join("README.md"), "# Bench\n\nA tree for measuring speed.\n")?;
    for section in 0..FOLDERS {
        let place = folder.join(format!("docs/s{section:02}"));
        fs::create_dir_all(&place)?;
        for page in 0..pages {
            let next = (page + 1) % pages;
            let mut text = format!("# Page {page}\n");
            for part in 0..6 {
                let _ = write!(text, "\n## Part {part}\n");
                for _ in 0..3 {
                    text.push('\n');
                    for _ in 0..length {
                        let _ = write!(text, "{WORDS}, and {WORDS}. ");
                    }
                    let _ = writeln!(text, "See [the next](p{next}.md#part-{part}) and `x`.");
                }
                text.push_str("\n- one\n- two\n\n```sh\nmake build\n```\n");
            }
            fs::write(place.join(format!("p{page}.md")), text)?;
        }
    }
    Ok(())
}

/// About 55 MB: 1,000 pages as in the other tree, and 9,000 modules of about 5 kB that they link to.
fn write_ordinary_tree(folder: &Path) -> io::Result<()> {
    write_tree(folder, 1, PAGES / 10)?;
    fs::write(folder.join("package.json"), r#"{"name":"bench","private":true,"scripts":{"build":"tsc"}}"#)?;
    for section in 0..FOLDERS {
        let source = folder.join(format!("src/s{section:02}"));
        fs::create_dir_all(&source)?;
        for page in PAGES / 10..PAGES {
            let mut text = String::from("import { Router } from 'express';\n\nexport const router = Router();\n");
            for part in 0..20 {
                let _ = write!(
                    text,
                    "\n/** Answers what part {part} of the page asks for, from what the store has. */\n\
                     export function part{part}(input: Request, limit = {part}): Answer {{\n  \
                     const found = store.filter((each) => each.section === {section} && each.page === {page});\n  \
                     return {{ items: found.slice(0, limit), total: found.length }};\n}}\n"
                );
            }
            fs::write(source.join(format!("p{page}.ts")), text)?;
        }
    }
    Ok(())
}

/// What was seen, for people and for `docs/performance.md`.
pub(crate) fn text(measures: &[Measure]) -> String {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut table = format!(
        "## The check of documents\n\n`cargo xtask bench compliance` writes a tree of 10,001 documents (about 65 MB) and lets each program check \
         it, on {cores} cores. The time, by the clock, is the best of three rounds, memory is the highest of the program's own process. Linters of style \
         check no links and link checkers no style; the check of documents does both, and compares documents with code.\n\n\
         | Program | Time | Memory |\n| --- | --- | --- |\n"
    );
    for measure in measures {
        let time =
            measure.best.map_or_else(|| "not installed".to_owned(), |best| format!("{:.2} s", best.as_secs_f64()));
        let memory = measure.peak_mebibytes.map_or_else(|| "?".to_owned(), |peak| format!("{peak} MiB"));
        let _ = writeln!(table, "| {} | {time} | {memory} |", measure.name);
    }
    table.push_str(
        "\nIn the last line but one each document has eight times the text and the same headings, links and commands: memory follows the largest file \
         and the list of names, not the size of the tree. The last line is a tree of another kind: 1,000 of those documents and 9,000 files of \
         TypeScript.\n",
    );
    table
}
