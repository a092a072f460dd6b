//! Reading an agent's final message: the last JSON block, checked against the schema of its task.

use anyhow::Context as _;
use common::clients::agents::AgentTask;
use jsonschema::Validator;
use serde_json::Value;

use super::fence::last_block;

/// More errors than this do not help anybody.
const ERROR_LIMIT: usize = 12;

const SCHEMAS: [(AgentTask, &str); 5] = [
    (AgentTask::Plan, include_str!("../../schemas/plan.json")),
    (AgentTask::Implement, include_str!("../../schemas/implement.json")),
    (AgentTask::Fix, include_str!("../../schemas/fix.json")),
    (AgentTask::Test, include_str!("../../schemas/test.json")),
    (AgentTask::Review, include_str!("../../schemas/review.json")),
];

/// The schema of each task.
pub struct Answers(Vec<(AgentTask, Validator)>);

/// The text of a task's schema, as prompts show it.
pub(crate) fn schema_text(task: AgentTask) -> &'static str {
    SCHEMAS.iter().find(|(of, _)| *of == task).map_or("{}", |(_, text)| text)
}

impl Answers {
    pub fn built_in() -> anyhow::Result<Self> {
        let compile = |(task, text): &(AgentTask, &str)| {
            let schema: Value = serde_json::from_str(text)?;
            let validator = jsonschema::validator_for(&schema)
                .map_err(|error| anyhow::anyhow!("{error}"))
                .with_context(|| format!("schemas/{}.json", task.as_str()))?;
            Ok((*task, validator))
        };
        SCHEMAS.iter().map(compile).collect::<anyhow::Result<_>>().map(Self)
    }

    /// The answer in a final message, or what is wrong with it, each in a sentence the agent can act on.
    pub fn read(&self, task: AgentTask, branch: &str, message: &str) -> Result<Value, Vec<String>> {
        let Some(block) = last_block(message, "json") else {
            return Err(vec!["The message has no fenced block with the info string `json`.".to_owned()]);
        };
        let answer: Value = serde_json::from_str(block)
            .map_err(|error| vec![format!("The last `json` block is not valid JSON: {error}.")])?;
        let validator = self.0.iter().find(|(of, _)| *of == task).map(|(_, validator)| validator);
        let mut errors: Vec<String> = validator
            .into_iter()
            .flat_map(|validator| validator.iter_errors(&answer))
            .take(ERROR_LIMIT)
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() { "/".to_owned() } else { place };
                format!("At `{place}`: {}.", error.to_string().chars().take(300).collect::<String>())
            })
            .collect();
        if errors.is_empty() {
            errors.extend(beyond_the_schema(task, branch, &answer));
        }
        if errors.is_empty() { Ok(answer) } else { Err(errors) }
    }
}

/// What a schema cannot say.
fn beyond_the_schema(task: AgentTask, branch: &str, answer: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    if matches!(task, AgentTask::Implement | AgentTask::Fix) && answer["branch"] != branch {
        errors.push(format!("At `/branch`: the work must be on `{branch}`."));
    }
    if task == AgentTask::Plan {
        errors.extend(uncovered(answer));
    }
    errors
}

/// Tasks name known requirements, every requirement has a task, and keys are unique.
fn uncovered(plan: &Value) -> Vec<String> {
    let texts = |list: &Value, field: &str| -> Vec<String> {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| Some(item[field].as_str()?.to_owned())).collect()
    };
    let milestones = plan["milestones"].as_array().map(Vec::as_slice).unwrap_or_default();
    let covered: Vec<&str> = milestones
        .iter()
        .flat_map(|milestone| milestone["tasks"].as_array().map(Vec::as_slice).unwrap_or_default())
        .flat_map(|task| task["requirement_ids"].as_array().map(Vec::as_slice).unwrap_or_default())
        .filter_map(Value::as_str)
        .collect();
    let wanted = texts(&plan["requirements"], "id");
    let mut errors: Vec<String> = wanted
        .iter()
        .filter(|id| !covered.contains(&id.as_str()))
        .map(|id| format!("Requirement `{id}` belongs to no task."))
        .collect();
    let unknown = covered.iter().filter(|id| !wanted.iter().any(|known| known == *id));
    errors.extend(unknown.map(|id| format!("A task names the requirement `{id}`, which is not in `requirements`.")));
    let mut keys = texts(&plan["milestones"], "key");
    keys.sort();
    errors.extend(
        keys.windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| format!("Milestone key `{}` is used twice.", pair[0])),
    );
    errors.truncate(ERROR_LIMIT);
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(task: AgentTask, answer: &Value) -> Result<Value, Vec<String>> {
        let message = format!("Done.\n\n```json\n{answer}\n```\n");
        Answers::built_in().unwrap().read(task, "b", &message)
    }

    #[test]
    fn every_schema_compiles_and_takes_a_good_answer() {
        let tests = json!({"command": "x", "passed": 1, "failed": 0});
        let sha = "a".repeat(40);
        let built = json!({"summary": "s", "branch": "b", "commit": sha, "files_changed": [], "tests": tests, "addressed": [], "notes": ""});
        assert_eq!(read(AgentTask::Implement, &built), Ok(built.clone()));
        let tested = json!({"verdict": "pass", "summary": "s", "commit": null, "tests": tests, "findings": []});
        assert!(read(AgentTask::Test, &tested).is_ok());
        let review = json!({"verdict": "approve", "summary": "s", "findings": []});
        assert!(read(AgentTask::Review, &review).is_ok());
    }

    #[test]
    fn errors_name_the_place() {
        let errors =
            read(AgentTask::Review, &json!({"verdict": "perhaps", "summary": "s", "findings": []})).unwrap_err();
        assert!(errors[0].starts_with("At `/verdict`"), "{errors:?}");
        let failed = json!({"verdict": "changes_requested", "summary": "s", "findings": []});
        assert!(read(AgentTask::Review, &failed).is_err(), "changes need a finding");
        let answers = Answers::built_in().unwrap();
        assert!(answers.read(AgentTask::Plan, "b", "no block").unwrap_err()[0].contains("no fenced block"));
        assert!(answers.read(AgentTask::Plan, "b", "```json\n{\n```").unwrap_err()[0].contains("not valid JSON"));
    }

    #[test]
    fn a_plan_covers_every_requirement_and_work_is_on_its_branch() {
        let task = json!({"id": "T1", "title": "t", "requirement_ids": ["R1", "R9"]});
        let plan = json!({
            "summary": "s", "project_type": "cli", "architecture": "a", "documents": [], "rules": [], "risks": [],
            "stack": {"language": "l", "frameworks": [], "test_command": "t", "run_command": null},
            "requirements": [{"id": "R1", "text": "t"}, {"id": "R2", "text": "t"}],
            "milestones": [{"key": "m1", "title": "t", "goal": "g", "tasks": [task], "acceptance": []}],
            "estimate": {"tokens": 1, "cost_usd": 0.1},
        });
        let errors = read(AgentTask::Plan, &plan).unwrap_err().join(" ");
        assert!(errors.contains("`R2` belongs to no task") && errors.contains("`R9`"), "{errors}");
        let mut escaping = plan.clone();
        escaping["documents"] = json!([{"path": "../../etc/passwd", "content": "x"}]);
        assert!(read(AgentTask::Plan, &escaping).unwrap_err()[0].contains("/documents/0/path"));
        let tests = json!({"command": "x", "passed": 1, "failed": 0});
        let elsewhere = json!({"summary": "s", "branch": "c", "commit": "a".repeat(40), "files_changed": [], "tests": tests, "addressed": [], "notes": ""});
        assert!(read(AgentTask::Fix, &elsewhere).unwrap_err()[0].contains("must be on `b`"));
    }
}
