//! Which requirement is covered by which task, and which by none.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Requirement, id_of};
use crate::{plan::Plan, text::plain};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    pub milestone: String,
    pub task: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    pub id: String,
    pub by: Vec<By>,
}

/// A task whose words are near a requirement's, though it does not name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    pub milestone: String,
    pub task: String,
    /// Share of the requirement's words that the task has.
    pub score: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncovered {
    pub id: String,
    pub text: String,
    pub line: u32,
    pub suggestions: Vec<Suggestion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownId {
    pub task: String,
    pub id: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub covered: Vec<Covered>,
    pub uncovered: Vec<Uncovered>,
    /// Ids in tasks that no requirement has.
    pub unknown_ids: Vec<UnknownId>,
    pub tasks_without_requirement: Vec<String>,
    /// Covered requirements by all requirements; 1 when there are none.
    pub ratio: f64,
}

/// Holds a plan against the requirements. Only what a task names counts; similar words are offered, never believed.
pub fn coverage(requirements: &[Requirement], plan: &Plan) -> Coverage {
    let known: HashSet<&str> = requirements.iter().map(|requirement| requirement.id.as_str()).collect();
    // A plan may number the requirements its own way, or use the author's labels: both lead to our ids.
    let mut aliases: HashMap<&str, String> = plan
        .requirements
        .iter()
        .map(|own| (own.id.as_str(), id_of(&own.text)))
        .filter(|(_, id)| known.contains(id.as_str()))
        .collect();
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for label in requirements.iter().filter_map(|requirement| requirement.label.as_deref()) {
        *labels.entry(label).or_default() += 1;
    }
    for requirement in requirements {
        if let Some(label) = requirement.label.as_deref().filter(|label| labels[label] == 1) {
            aliases.entry(label).or_insert_with(|| requirement.id.clone());
        }
    }
    let mut by: HashMap<String, Vec<By>> = HashMap::new();
    let mut coverage = Coverage::default();
    for milestone in &plan.milestones {
        for task in &milestone.tasks {
            if task.requirement_ids.is_empty() {
                coverage.tasks_without_requirement.push(task.id.clone());
            }
            for id in &task.requirement_ids {
                let meant =
                    if known.contains(id.as_str()) { Some(id.clone()) } else { aliases.get(id.as_str()).cloned() };
                match meant {
                    Some(meant) => by
                        .entry(meant)
                        .or_default()
                        .push(By { milestone: milestone.key.clone(), task: task.id.clone() }),
                    None => coverage.unknown_ids.push(UnknownId { task: task.id.clone(), id: id.clone() }),
                }
            }
        }
    }
    for requirement in requirements {
        match by.remove(&requirement.id) {
            Some(by) => coverage.covered.push(Covered { id: requirement.id.clone(), by }),
            None => coverage.uncovered.push(Uncovered {
                id: requirement.id.clone(),
                text: requirement.text.clone(),
                line: requirement.line,
                suggestions: suggestions(requirement, plan),
            }),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a README has far fewer requirements than a float has digits")]
    let ratio = if requirements.is_empty() { 1.0 } else { coverage.covered.len() as f64 / requirements.len() as f64 };
    coverage.ratio = ratio;
    coverage
}

fn suggestions(requirement: &Requirement, plan: &Plan) -> Vec<Suggestion> {
    let wanted = stems(&requirement.text);
    let mut found = Vec::new();
    for milestone in &plan.milestones {
        for task in &milestone.tasks {
            let has = stems(&task.title);
            let shared = wanted.intersection(&has).count();
            #[expect(clippy::cast_precision_loss, reason = "a sentence has few words")]
            let score = if wanted.is_empty() { 0.0 } else { shared as f64 / wanted.len() as f64 };
            if score >= 0.5 {
                found.push(Suggestion {
                    milestone: milestone.key.clone(),
                    task: task.id.clone(),
                    score: (score * 100.0).round() / 100.0,
                });
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(3);
    found
}

/// Starts of the words that carry meaning; five letters are enough to meet other endings in English and Russian alike.
fn stems(text: &str) -> HashSet<String> {
    plain(text)
        .split(' ')
        .filter(|word| word.chars().count() > 2 && !IDLE.contains(word))
        .map(|word| word.chars().take(5).collect())
        .collect()
}

const IDLE: &[&str] = &[
    "the",
    "and",
    "for",
    "with",
    "must",
    "shall",
    "should",
    "need",
    "needs",
    "has",
    "have",
    "from",
    "that",
    "this",
    "can",
    "its",
    "into",
    "are",
    "will",
    "или",
    "для",
    "что",
    "как",
    "это",
    "при",
    "должен",
    "должна",
    "должно",
    "должны",
    "нужно",
    "следует",
    "чтобы",
];
