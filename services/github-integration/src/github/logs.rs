//! What a failed job of GitHub Actions printed. Its check run says nothing of it.

use http::Method;
use serde::Deserialize;

use super::auth::Scope;
use super::checks::{SUMMARY_LIMIT, end_of};
use super::{FullName, Github, Result};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Jobs {
    jobs: Vec<Job>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Job {
    id: u64,
    check_run_url: String,
}

impl Github {
    /// The log of the job behind a check run, up to its error; empty when there is no such job.
    pub async fn failed_log(&self, repository: &FullName, (check_run, workflow_run): (u64, u64)) -> Result<String> {
        let jobs: Jobs = self.get(repository, &format!("/actions/runs/{workflow_run}/jobs?per_page=100")).await?;
        let end = format!("/check-runs/{check_run}");
        let job = jobs.jobs.iter().find(|job| job.check_run_url.ends_with(&end));
        let Some(job) = job else { return Ok(String::new()) };
        let path = repository.path(&format!("/actions/jobs/{}/logs", job.id));
        let answer = self.send(Scope::Repository(repository), Method::GET, &path, None, None).await?;
        Ok(end_of(&readable_log(&String::from_utf8_lossy(&answer.body)), SUMMARY_LIMIT))
    }
}

/// The workflow run in the address of one of its jobs: `…/actions/runs/<id>/job/<id>`.
pub(super) fn workflow_run_of(address: &str) -> Option<u64> {
    let rest = address.split_once("/actions/runs/")?.1;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A log of GitHub Actions without its time stamps and colours, up to the error: what follows is only cleaning up.
fn readable_log(log: &str) -> String {
    let lines: Vec<String> = log.lines().map(plain_line).collect();
    let end = lines.iter().rposition(|line| line.starts_with("##[error]")).map_or(lines.len(), |at| at + 1);
    lines[..end].join("\n")
}

/// `2026-11-22T12:00:00.0000000Z text` with terminal escapes, as text alone.
fn plain_line(line: &str) -> String {
    let stamped =
        line.split_once(' ').filter(|(stamp, _)| stamp.len() > 20 && stamp.ends_with('Z') && stamp.contains('T'));
    let text = stamped.map_or(line, |(_, text)| text);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_cut_after_the_error_and_read_plainly() {
        let log = "2026-11-22T12:00:00.1234567Z \u{1b}[36;1mpytest\u{1b}[0m\n2026-11-22T12:00:01.1234567Z E assert 1 == 2\n\
                   2026-11-22T12:00:02.1234567Z ##[error]Process completed with exit code 1.\n2026-11-22T12:00:03.1234567Z Post job cleanup.\n";
        assert_eq!(readable_log(log), "pytest\nE assert 1 == 2\n##[error]Process completed with exit code 1.");
        assert_eq!(readable_log("no stamp\nat all"), "no stamp\nat all");
    }

    #[test]
    fn workflow_runs_are_found_in_addresses() {
        assert_eq!(workflow_run_of("https://github.com/a/b/actions/runs/42/job/7"), Some(42));
        assert_eq!(workflow_run_of("https://github.com/a/b/actions/runs/42"), Some(42));
        assert_eq!(workflow_run_of("https://ci.example.org/build/42"), None);
    }
}
