import { type Json, list, number, record, string, strings } from './json';

/** A plan as the architect wrote it and the API stored it. */
export interface Plan {
  summary: string;
  projectType: string | null;
  language: string | null;
  frameworks: string[];
  testCommand: string | null;
  runCommand: string | null;
  architecture: string | null;
  milestones: PlanMilestone[];
  documents: PlanDocument[];
  rules: PlanDocument[];
  risks: string[];
  tokens: number | null;
  costUsd: number | null;
}

export interface PlanMilestone {
  key: string;
  title: string;
  goal: string;
  tasks: { id: string; title: string; requirements: string[] }[];
  acceptance: string[];
}

export interface PlanDocument {
  path: string;
  title: string;
  content: string;
}

/** Reads a plan out of an artifact's content or a decision's context; null when there is none. */
export function readPlan(value: unknown): Plan | null {
  const plan = record(value);
  const summary = string(plan['summary']);
  if (!summary || !Array.isArray(plan['milestones'])) return null;
  const stack = record(plan['stack']);
  const estimate = record(plan['estimate']);
  return {
    summary,
    projectType: string(plan['project_type']),
    language: string(stack['language']),
    frameworks: strings(stack['frameworks']),
    testCommand: string(stack['test_command']),
    runCommand: string(stack['run_command']),
    architecture: string(plan['architecture']),
    milestones: list(plan['milestones']).map((item) => readMilestone(record(item))),
    documents: list(plan['documents']).map((item) => readDocument(record(item))),
    rules: list(plan['rules']).map((item) => readDocument(record(item))),
    risks: strings(plan['risks']),
    tokens: number(estimate['tokens']),
    costUsd: number(estimate['cost_usd']),
  };
}

function readMilestone(milestone: Json): PlanMilestone {
  return {
    key: string(milestone['key']) ?? '?',
    title: string(milestone['title']) ?? 'Untitled',
    goal: string(milestone['goal']) ?? '',
    tasks: list(milestone['tasks']).map((item) => {
      const task = record(item);
      return {
        id: string(task['id']) ?? '?',
        title: string(task['title']) ?? 'Untitled',
        requirements: strings(task['requirement_ids']),
      };
    }),
    acceptance: strings(milestone['acceptance']),
  };
}

function readDocument(document: Json): PlanDocument {
  const path = string(document['path']) ?? '?';
  return { path, title: string(document['title']) ?? path, content: string(document['content']) ?? '' };
}
