import { type Json, list, number, record, string, webUrl } from './json';

/** What decisions and gates show as evidence. */

export interface Finding {
  id: string;
  severity: string;
  title: string;
  detail?: string;
  file?: string | null;
  line?: number | null;
}

export interface CheckResult {
  name: string;
  conclusion: string;
  summary: string | null;
  url: string | null;
}

export interface ChangedFile {
  filename: string;
  status: string;
  additions: number;
  deletions: number;
}

export interface Evidence {
  findings: Finding[];
  checks: CheckResult[];
  files: ChangedFile[];
  verdicts: { who: string; verdict: string; summary: string }[];
  pullRequest: { label: string; url: string } | null;
  /** Values that have no place of their own: named, in order. */
  facts: { name: string; value: string }[];
  /** Nested values we do not know: shown as JSON, so that nothing is hidden. */
  rest: Json | null;
}

const KNOWN = new Set(['plan', 'findings', 'checks', 'branch', 'qa', 'review', 'test', 'pull_request', 'files', 'gate', 'gates', 'estimate', 'limits']);

export function readFindings(value: unknown): Finding[] {
  return list(value).map((item, index) => {
    const finding = record(item);
    return {
      id: string(finding['id']) ?? String(index + 1),
      severity: string(finding['severity']) ?? 'minor',
      title: string(finding['title']) ?? string(finding['message']) ?? string(finding['rule']) ?? 'Finding',
      detail: string(finding['detail']) ?? '',
      file: string(finding['file']),
      line: number(finding['line']),
    };
  });
}

export function readChecks(value: unknown): CheckResult[] {
  const items = Array.isArray(value) ? value : list(record(value)['checks']);
  return items.map((item) => {
    const check = record(item);
    return {
      name: string(check['name']) ?? 'check',
      conclusion: string(check['conclusion']) ?? 'pending',
      summary: string(check['summary']),
      url: webUrl(check['details_url']),
    };
  });
}

function readFiles(value: unknown): ChangedFile[] {
  return list(value).map((item) => {
    const file = record(item);
    return {
      filename: string(file['filename']) ?? '?',
      status: string(file['status']) ?? 'modified',
      additions: number(file['additions']) ?? 0,
      deletions: number(file['deletions']) ?? 0,
    };
  });
}

function readPullRequest(value: unknown): Evidence['pullRequest'] {
  const pull = record(value);
  const url = webUrl(pull['html_url']);
  const count = number(pull['number']);
  return url ? { url, label: count === null ? 'Pull request' : `Pull request #${count}` } : null;
}

/** Sorts a decision's context into what has a place of its own, plain facts and the rest. */
export function readEvidence(context: unknown): Evidence {
  const source = record(context);
  const qa = record(source['qa'] ?? source['test']);
  const review = record(source['review']);
  const gate = record(source['gate']);
  const verdicts = [
    { who: 'QA', verdict: string(qa['verdict']), summary: string(qa['summary']) ?? '' },
    { who: 'Reviewer', verdict: string(review['verdict']), summary: string(review['summary']) ?? '' },
    { who: 'Gate', verdict: string(gate['verdict']), summary: string(gate['reason']) ?? '' },
    ...Object.entries(record(source['gates'])).map(([stage, verdict]) => ({ who: `Gate: ${stage}`, verdict: string(verdict), summary: '' })),
  ].flatMap(({ who, verdict, summary }) => (verdict ? [{ who, verdict, summary }] : []));
  const facts: Evidence['facts'] = [];
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value === null || (KNOWN.has(name) && typeof value === 'object')) continue;
    if (typeof value === 'object') rest[name] = value;
    else facts.push({ name, value: String(value) });
  }
  return {
    findings: [source['findings'], qa['findings'], review['findings'], gate['findings']].flatMap(readFindings),
    checks: readChecks(source['checks']),
    files: readFiles(source['files'] ?? record(source['branch'])['files']),
    verdicts,
    pullRequest: readPullRequest(source['pull_request']),
    facts,
    rest: Object.keys(rest).length > 0 ? rest : null,
  };
}
