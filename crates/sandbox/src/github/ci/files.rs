//! Workflow files, as far as they are understood here: triggers, jobs, needs, a matrix, env, and `run:` steps.

use std::collections::BTreeMap;

use serde_yaml_ng::Value;

/// A matrix makes at most so many jobs.
const MATRIX_LIMIT: usize = 16;

#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) name: Option<String>,
    on: Value,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) jobs: Vec<Job>,
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// How other jobs name it.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    pub(crate) condition: Option<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) matrix: BTreeMap<String, String>,
    pub(crate) runs_on: Vec<String>,
    pub(crate) shell: Option<String>,
    pub(crate) directory: Option<String>,
    pub(crate) timeout_minutes: Option<u64>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) run: Option<String>,
    pub(crate) uses: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) shell: Option<String>,
    pub(crate) directory: Option<String>,
    pub(crate) continue_on_error: bool,
}

impl Workflow {
    /// Read a file; the error is a sentence for the author of the file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let root: Value = serde_yaml_ng::from_str(text).map_err(|error| format!("not valid YAML: {error}"))?;
        // `on` is a boolean to readers of YAML 1.1, so it may come as either.
        let on = root.get("on").or_else(|| root.get(Value::Bool(true))).cloned().ok_or("`on` is missing")?;
        let jobs = root.get("jobs").and_then(Value::as_mapping).ok_or("`jobs` is missing")?;
        let defaults = root.get("defaults").and_then(|defaults| defaults.get("run"));
        let mut parsed = Vec::new();
        for (key, job) in jobs {
            let key = text_of(key).ok_or("a job has a name that is no text")?;
            parsed.extend(parse_job(&key, job, defaults)?);
        }
        Ok(Self { name: string(&root, "name"), on, env: strings(root.get("env")), jobs: in_order(parsed)? })
    }

    /// Whether `event` on `branch` starts it; for pull requests the branch is the base.
    pub(crate) fn starts_on(&self, event: &str, branch: &str) -> bool {
        match &self.on {
            Value::String(name) => name == event,
            Value::Sequence(names) => names.iter().any(|name| name.as_str() == Some(event)),
            Value::Mapping(events) => events.get(event).is_some_and(|filter| branch_fits(filter, branch)),
            _ => false,
        }
    }
}

fn branch_fits(filter: &Value, branch: &str) -> bool {
    let patterns = |name: &str| filter.get(name).map(|list| texts(Some(list)));
    let fits = |patterns: &[String]| {
        // Later patterns win, and `!` takes out again.
        patterns.iter().fold(false, |fits, pattern| match pattern.strip_prefix('!') {
            Some(pattern) => fits && !glob(pattern, branch),
            None => fits || glob(pattern, branch),
        })
    };
    if let Some(ignored) = patterns("branches-ignore") {
        return !fits(&ignored);
    }
    if let Some(wanted) = patterns("branches") {
        return fits(&wanted);
    }
    // A filter for tags alone leaves branches out.
    filter.get("tags").is_none()
}

/// `*` stops at a slash, `**` does not.
fn glob(pattern: &str, text: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        return ends(text).any(|at| glob(rest, &text[at..]));
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let segment = text.find('/').unwrap_or(text.len());
        return ends(text).take_while(|at| *at <= segment).any(|at| glob(rest, &text[at..]));
    }
    let mut wanted = pattern.chars();
    match wanted.next() {
        None => text.is_empty(),
        Some(first) => text.strip_prefix(first).is_some_and(|text| glob(wanted.as_str(), text)),
    }
}

fn ends(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

fn parse_job(key: &str, job: &Value, defaults: Option<&Value>) -> Result<Vec<Job>, String> {
    let steps = job.get("steps").and_then(Value::as_sequence).ok_or_else(|| format!("job `{key}` has no `steps`"))?;
    let own = job.get("defaults").and_then(|defaults| defaults.get("run"));
    let default =
        |name: &str| own.and_then(|own| string(own, name)).or_else(|| defaults.and_then(|all| string(all, name)));
    let steps: Vec<Step> = steps.iter().enumerate().map(|(index, step)| parse_step(index, step)).collect();
    let variants = matrix(job.get("strategy").and_then(|strategy| strategy.get("matrix")));
    let make = |matrix: BTreeMap<String, String>| {
        let title = string(job, "name").unwrap_or_else(|| key.to_owned());
        let values: Vec<&str> = matrix.values().map(String::as_str).collect();
        let name = match (values.is_empty(), title.contains("${{")) {
            (true, _) => title,
            (false, true) => matrix
                .iter()
                .fold(title, |title, (name, value)| title.replace(&format!("${{{{ matrix.{name} }}}}"), value)),
            (false, false) => format!("{title} ({})", values.join(", ")),
        };
        Job {
            key: key.to_owned(),
            name,
            needs: texts(job.get("needs")),
            condition: job.get("if").and_then(text_of),
            env: strings(job.get("env")),
            matrix,
            runs_on: texts(job.get("runs-on")),
            shell: default("shell"),
            directory: default("working-directory"),
            timeout_minutes: job.get("timeout-minutes").and_then(Value::as_u64),
            steps: steps.clone(),
        }
    };
    Ok(variants.into_iter().map(make).collect())
}

fn parse_step(index: usize, step: &Value) -> Step {
    let run = string(step, "run");
    let uses = string(step, "uses");
    let first_line = |text: &String| text.lines().next().unwrap_or_default().to_owned();
    let name = string(step, "name")
        .or_else(|| run.as_ref().map(|run| format!("Run {}", first_line(run))))
        .or_else(|| uses.as_ref().map(|uses| format!("Run {uses}")))
        .unwrap_or_else(|| format!("Step {}", index + 1));
    Step {
        name,
        id: string(step, "id"),
        run,
        uses,
        condition: step.get("if").and_then(text_of),
        env: strings(step.get("env")),
        shell: string(step, "shell"),
        directory: string(step, "working-directory"),
        continue_on_error: step.get("continue-on-error").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// Every combination of the lists; one empty one without a matrix. `include` and `exclude` are not looked at.
fn matrix(matrix: Option<&Value>) -> Vec<BTreeMap<String, String>> {
    let mut combinations = vec![BTreeMap::new()];
    for (name, values) in matrix.and_then(Value::as_mapping).into_iter().flatten() {
        let (Some(name), Some(values)) = (text_of(name), values.as_sequence()) else { continue };
        if name == "include" || name == "exclude" {
            continue;
        }
        combinations = combinations
            .iter()
            .flat_map(|known: &BTreeMap<String, String>| {
                values
                    .iter()
                    .filter_map(text_of)
                    .map(|value| {
                        let mut combination = known.clone();
                        combination.insert(name.clone(), value);
                        combination
                    })
                    .collect::<Vec<_>>()
            })
            .take(MATRIX_LIMIT)
            .collect();
    }
    combinations
}

/// Jobs after the ones they need.
fn in_order(mut jobs: Vec<Job>) -> Result<Vec<Job>, String> {
    let mut ordered: Vec<Job> = Vec::new();
    while !jobs.is_empty() {
        let open: Vec<String> = jobs.iter().map(|job| job.key.clone()).collect();
        let (ready, waiting): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.needs.iter().all(|need| !open.contains(need)));
        if ready.is_empty() {
            return Err("jobs need each other in a circle".to_owned());
        }
        for job in &ready {
            if let Some(need) = job.needs.iter().find(|need| ordered.iter().all(|done| done.key != **need)) {
                return Err(format!("job `{}` needs `{need}`, which does not exist", job.key));
            }
        }
        ordered.extend(ready);
        jobs = waiting;
    }
    Ok(ordered)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn string(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(text_of)
}

/// A text or a list of them.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Sequence(list)) => list.iter().filter_map(text_of).collect(),
        Some(other) => text_of(other).into_iter().collect(),
        None => Vec::new(),
    }
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let mapping = value.and_then(Value::as_mapping);
    mapping.into_iter().flatten().filter_map(|(name, value)| Some((text_of(name)?, text_of(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_and_branch_filters_are_understood() {
        let on = |on: &str| Workflow::parse(&format!("on: {on}\njobs: {{a: {{runs-on: x, steps: []}}}}")).unwrap();
        assert!(on("push").starts_on("push", "main"));
        assert!(!on("push").starts_on("pull_request", "main"));
        assert!(on("[push, pull_request]").starts_on("pull_request", "main"));
        let filtered = on("{push: {branches: [main, 'release/**', '!release/old']}, pull_request: }");
        assert!(filtered.starts_on("push", "main"));
        assert!(filtered.starts_on("push", "release/1/2"));
        assert!(!filtered.starts_on("push", "release/old"));
        assert!(!filtered.starts_on("push", "feature"));
        assert!(filtered.starts_on("pull_request", "anything"));
        assert!(!on("{push: {tags: ['v*']}}").starts_on("push", "main"));
    }

    #[test]
    fn a_matrix_makes_a_job_for_each_combination() {
        let text = "on: push\njobs:\n  b:\n    needs: a\n    runs-on: x\n    steps: [{run: echo}]\n  a:\n    strategy: {matrix: {v: [1, 2]}}\n    runs-on: x\n    steps: [{run: echo}]\n";
        let names: Vec<String> = Workflow::parse(text).unwrap().jobs.into_iter().map(|job| job.name).collect();
        assert_eq!(names, ["a (1)", "a (2)", "b"]);
    }

    #[test]
    fn jobs_in_a_circle_are_refused() {
        let text = "on: push\njobs:\n  a: {needs: b, steps: []}\n  b: {needs: a, steps: []}\n";
        assert!(Workflow::parse(text).unwrap_err().contains("circle"));
    }
}
