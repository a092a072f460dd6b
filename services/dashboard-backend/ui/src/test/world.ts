import type { Schemas } from '../api/client';

/** The state that the mock API serves: one installation in the middle of its day. */
export interface World {
  user: Schemas['User'] | null;
  setupNeeded: boolean;
  users: Schemas['User'][];
  projects: Schemas['Project'][];
  decisions: Schemas['DecisionDetail'][];
  stages: Schemas['StageAttempt'][];
  events: Schemas['Event'][];
  requirements: Schemas['Requirement'][];
  artifact: Schemas['Artifact'];
  runs: Schemas['AgentRunView'][];
  messages: Schemas['AgentMessage'][];
  pulls: Schemas['PullRequest'][];
  deliveries: Schemas['Delivery'][];
  notifications: Schemas['NotificationView'][];
  demo: Schemas['Demo'];
  telegram: Schemas['TelegramLinks'];
  usage: Schemas['UsageSummary'];
  apiKeys: Schemas['ApiKey'][];
  budgets: Schemas['Budget'][];
  /** Those that hold for every project of the world. */
  projectBudgets: Schemas['Budget'][];
}

export const ids = {
  ada: '0199aaaa-0000-7000-8000-000000000001',
  tally: '0199aaaa-0000-7000-8000-000000000101',
  planDecision: '0199aaaa-0000-7000-8000-000000000201',
  mergeDecision: '0199aaaa-0000-7000-8000-000000000202',
  doneDecision: '0199aaaa-0000-7000-8000-000000000203',
  budgetDecision: '0199aaaa-0000-7000-8000-000000000204',
  plan: '0199aaaa-0000-7000-8000-000000000301',
  run: '0199aaaa-0000-7000-8000-000000000401',
};

export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

const SHA = 'b7d6c1a0f3e94c5d8a2b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f';

export function user(change: Partial<Schemas['User']> = {}): Schemas['User'] {
  return {
    id: ids.ada,
    email: 'ada@example.org',
    display_name: 'Ada Lovelace',
    role: 'admin',
    disabled: false,
    created_at: ago(60 * 24 * 40),
    last_login_at: ago(25),
    ...change,
  };
}

export function apiKey(change: Partial<Schemas['ApiKey']> = {}): Schemas['ApiKey'] {
  return {
    id: '0199aaaa-0000-7000-8000-000000000501',
    name: 'nightly build',
    prefix: 'qp_hwexnaqo',
    scopes: ['projects:write', 'decisions:read'],
    owner: { id: ids.ada, email: 'ada@example.org', display_name: 'Ada Lovelace' },
    state: 'active',
    created_at: ago(60 * 24 * 12),
    expires_at: new Date(Date.now() + 78 * 86_400_000).toISOString(),
    last_used_at: ago(7),
    ...change,
  };
}

export function budget(change: Partial<Schemas['Budget']> = {}): Schemas['Budget'] {
  return {
    period: 'day',
    shared: true,
    own: false,
    limit_cents: 2000,
    limit_tokens: null,
    warn_percent: 80,
    spent: { tokens: 1_204_000, cost_cents: 1641.5 },
    reserved: { tokens: 500_000, cost_cents: 100 },
    updated_at: ago(60 * 24 * 3),
    ...change,
  };
}

/** A project that waits for money, with the question about it. */
export function heldByBudget(): Pick<World, 'projects' | 'decisions' | 'projectBudgets'> {
  const own = budget({ period: 'project', shared: false, own: true, limit_cents: 300, spent: { tokens: 184_220, cost_cents: 212.4 }, reserved: { tokens: 0, cost_cents: 0 } });
  return {
    projects: [
      project({ status: 'budget_hold', sentence: 'The next run of the developer does not fit the project’s budget', waiting_decision_id: ids.budgetDecision, actions: ['resume', 'cancel'] }),
    ],
    projectBudgets: [own, budget()],
    decisions: [
      decision(
        {
          id: ids.budgetDecision, short_id: 'D-3M5B', type: 'budget', title: 'tally waits for money: the next run of the developer does not fit the project’s budget', artifact: null,
          options: ['approve', 'change', 'stop'],
          summary:
            'The next run of the developer (implement) is estimated at $1.00 and 500,000 tokens, from the setting, because there is too little history. It does not fit:\n\n- the project’s budget is $3.00: $2.12 spent, $0.00 reserved for runs under way, $0.12 missing\n\nApprove: the project’s budget becomes $5.00, from now on, and the run starts. Change: write another limit. Stop: the project ends here, and what was made stays.',
          context: {
            run_id: ids.run, role: 'developer', task: 'implement', milestone: 'm2', estimate: { cents: 100, tokens: 500_000, runs: 0 },
            limits: [{ shared: false, period: 'project', unit: 'cents', limit: 300, spent: 212.4, reserved: 0, needed: 312.4, raised_to: 500 }],
          },
        },
        {
          consequences: [
            { choice: 'approve', text: 'The limit is raised as the question says, and the work goes on.' },
            { choice: 'change', text: 'The limit becomes what you write; the work goes on as soon as it fits.' },
            { choice: 'stop', text: 'The project ends here. What was made stays.' },
          ],
        },
      ),
    ],
  };
}

type StageState = Schemas['StageBarItem']['state'];

function bar(...states: StageState[]): Schemas['StageBarItem'][] {
  const items = [
    { stage: 'analysis', milestone: null },
    { stage: 'planning', milestone: null },
    { stage: 'implementation', milestone: 'm1' },
    { stage: 'testing', milestone: 'm1' },
    { stage: 'review', milestone: 'm1' },
    { stage: 'implementation', milestone: 'm2' },
    { stage: 'testing', milestone: 'm2' },
    { stage: 'review', milestone: 'm2' },
    { stage: 'release', milestone: null },
  ] as const;
  return items.map((item, index) => ({ ...item, state: states[index] ?? 'pending' }));
}

export function project(change: Partial<Schemas['Project']> = {}): Schemas['Project'] {
  const slug = change.slug ?? 'tally';
  const repository = {
    full_name: `ada/${slug}`,
    html_url: `https://github.test/ada/${slug}`,
    clone_url: `https://github.test/ada/${slug}.git`,
    default_branch: 'main',
  };
  return {
    id: ids.tally,
    short_id: 'P-12',
    name: 'tally',
    slug,
    status: 'awaiting_approval',
    sentence: 'Waiting for an answer: may milestone 1 be merged? Asked 12 minutes ago in Telegram and mail.',
    status_reason: null,
    stages: bar('completed', 'completed', 'completed', 'completed', 'waiting'),
    milestone: { key: 'm1', title: 'Read and sum', index: 1, total: 2 },
    waiting_decision_id: ids.mergeDecision,
    spend: { tokens: 184_220, cost_cents: 212.4 },
    repository,
    created_at: ago(48),
    updated_at: ago(1),
    finished_at: null,
    limits: { max_fix_iterations: 3, agent_deadline_seconds: 3600, checks_deadline_seconds: 1800 },
    links: {
      repository: repository.html_url,
      pull_requests: `${repository.html_url}/pulls`,
      release: null,
      execution: 'http://localhost:5678/workflow/qpProject0000001/executions/41',
    },
    readme_path: 'README.md',
    readme_sha: '3f786850e387550fdab836ed7e6dc881de23001b',
    plan_summary: 'A **command-line tool** that reads amounts from a CSV file and prints the sum of each category, with no dependency outside the standard library.',
    milestones: [
      { key: 'm1', title: 'Read and sum', goal: 'Parse the CSV and print sums by category.', branch: 'quantapilot/m1-read-and-sum', status: 'building', pull_request: 2, merge_sha: null },
      { key: 'm2', title: 'Filters and output', goal: 'Filter by month, write JSON.', branch: 'quantapilot/m2-filters-and-output', status: 'planned', pull_request: null, merge_sha: null },
    ],
    open_findings: [],
    release: null,
    execution: { id: '41', workflow: 'QuantaPilot: Project', state: 'alive', epoch: 2, registered_at: ago(20) },
    actions: ['pause', 'cancel'],
    ...change,
  };
}

const PLAN = {
  summary: 'A command-line tool that reads amounts from a CSV file and prints the sum of each category.',
  project_type: 'cli',
  stack: { language: 'Python', frameworks: [], test_command: 'python3 -m unittest', run_command: 'python3 -m tally' },
  architecture: '## Parts\n\n- `tally/reader.py` parses rows\n- `tally/report.py` sums and prints\n\n| Part | Depends on |\n|---|---|\n| report | reader |',
  requirements: [{ id: 'R1', text: 'Read amounts from a CSV file' }],
  milestones: [
    {
      key: 'm1',
      title: 'Read and sum',
      goal: 'Parse the CSV and print sums by category.',
      tasks: [
        { id: 't1', title: 'Parse rows, skip blank lines', requirement_ids: ['R1'] },
        { id: 't2', title: 'Sum by category', requirement_ids: ['R2'] },
      ],
      acceptance: ['`tally sample.csv` prints the sums', 'all tests pass'],
    },
    { key: 'm2', title: 'Filters and output', goal: 'Filter by month, write JSON.', tasks: [{ id: 't3', title: 'Option `--month`', requirement_ids: ['R3'] }], acceptance: ['JSON is valid'] },
  ],
  documents: [{ path: 'docs/ARCHITECTURE.md', title: 'Architecture', content: '# Architecture\n\nTwo modules.' }],
  rules: [{ path: '.cursor/rules/python.mdc', content: 'Standard library only.' }],
  risks: ['Amounts with a comma as decimal sign are not in the README; rejected with a clear message.'],
  estimate: { tokens: 240_000, cost_usd: 3.1 },
};

const CONSEQUENCES: Schemas['Consequence'][] = [
  { choice: 'approve', text: 'The pull request is merged exactly as shown; a branch that moved since is not.' },
  { choice: 'reject', text: 'The pull request stays open and the project ends.' },
  { choice: 'change', text: 'The developer gets your comment, and you are asked again after the tests.' },
];

export function decision(change: Partial<Schemas['Decision']> = {}, detail: Partial<Schemas['DecisionDetail']> = {}): Schemas['DecisionDetail'] {
  return {
    decision: {
      id: ids.mergeDecision,
      short_id: 'D-7K2Q',
      project_id: ids.tally,
      project_name: 'tally',
      type: 'merge',
      title: 'Merge “Read and sum” into main',
      summary: 'The parser and the sums are complete. QA found **one real bug** in the first try (blank lines counted as zero); it is fixed and has a test.',
      context: {
        milestone: 'm1',
        iteration: 2,
        pull_request: { number: 2, html_url: 'https://github.test/ada/tally/pull/2' },
        files: [
          { filename: 'tally/reader.py', status: 'added', additions: 64, deletions: 0 },
          { filename: 'tally/report.py', status: 'added', additions: 41, deletions: 0 },
          { filename: 'tests/test_reader.py', status: 'added', additions: 88, deletions: 3 },
        ],
        checks: {
          sha: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
          conclusion: 'success',
          checks: [
            { name: 'tests', conclusion: 'success', summary: '23 passed, 0 failed', details_url: 'https://github.test/ada/tally/runs/5' },
            { name: 'documentation', conclusion: 'success', summary: 'no finding', details_url: null },
          ],
        },
        qa: { verdict: 'pass', summary: 'All acceptance criteria hold.', findings: [] },
        review: {
          verdict: 'approve',
          summary: 'Small, clear modules; one remark.',
          findings: [{ id: 'F2', severity: 'minor', title: 'Error message could name the line', detail: 'A row that cannot be read is reported without its number.', file: 'tally/reader.py', line: 31 }],
        },
        gates: { implementation: 'pass', testing: 'pass', review: 'pass' },
      },
      options: ['approve', 'change', 'reject'],
      risk: 'low',
      artifact: { kind: 'commit', id: null, sha: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3' },
      status: 'pending',
      choice: null,
      comment: null,
      decided_by: null,
      decided_at: null,
      channel: null,
      expires_at: new Date(Date.now() + 70 * 3_600_000).toISOString(),
      created_at: ago(12),
      ...change,
    },
    consequences: CONSEQUENCES,
    approvers: [
      { id: ids.ada, name: 'Ada Lovelace' },
      { id: '0199aaaa-0000-7000-8000-000000000002', name: 'Grace Hopper' },
    ],
    answers: [],
    quorum: 1,
    evidence_current: true,
    summary_html: '',
    auto: false,
    applied_at: null,
    ...detail,
  };
}

function line(role: string, task: string, runs: number, total: number, cost: number, without = 0): Schemas['UsageLine'] {
  return {
    role,
    task,
    runs,
    input_tokens: Math.round(total * 0.5),
    output_tokens: Math.round(total * 0.2),
    cache_read_tokens: Math.round(total * 0.3),
    cache_write_tokens: 0,
    total_tokens: total,
    cost_cents: cost,
    runs_without_cost: without,
  };
}

export function run(change: Partial<Schemas['AgentRunView']> = {}): Schemas['AgentRunView'] {
  return {
    id: ids.run,
    project_id: ids.tally,
    step: 'm1.fix',
    role: 'developer',
    task: 'fix',
    milestone_key: 'm1',
    iteration: 2,
    state: 'finished',
    backend: 'cursor-cloud',
    outcome: 'succeeded',
    reason: null,
    model: 'composer-2',
    generation: 1,
    repairs: 0,
    repository: 'ada/tally',
    branch: 'quantapilot/m1-read-and-sum',
    base_branch: 'main',
    answer: { summary: 'Blank lines are skipped', tests: { command: 'python3 -m unittest', passed: 23, failed: 0 } },
    total_tokens: 48_200,
    cost_cents: 61.2,
    deadline_seconds: 3600,
    created_at: ago(22),
    started_at: ago(22),
    finished_at: ago(18),
    last_sign_at: ago(18),
    ...change,
  };
}

function stage(id: number, name: Schemas['StageAttempt']['stage'], change: Partial<Schemas['StageAttempt']>): Schemas['StageAttempt'] {
  return {
    id: `0199aaaa-0000-7000-8000-0000000005${String(id).padStart(2, '0')}`,
    stage: name,
    milestone: null,
    iteration: 1,
    status: 'completed',
    agent: null,
    tokens: 0,
    summary: null,
    started_at: ago(48 - id * 5),
    completed_at: ago(44 - id * 5),
    ...change,
  };
}

export function createWorld(): World {
  return {
    user: user(),
    setupNeeded: false,
    users: [
      user(),
      user({ id: '0199aaaa-0000-7000-8000-000000000002', email: 'grace@example.org', display_name: 'Grace Hopper', role: 'approver' }),
      user({ id: '0199aaaa-0000-7000-8000-000000000003', email: 'old@example.org', display_name: 'Charles Babbage', role: 'viewer', disabled: true, last_login_at: null }),
    ],
    projects: [
      project(),
      project({
        id: '0199aaaa-0000-7000-8000-000000000102', short_id: 'P-13', name: 'guestbook-api', slug: 'guestbook-api', status: 'building', waiting_decision_id: null,
        sentence: 'The developer works on milestone 2, “Moderation”.', stages: bar('completed', 'completed', 'completed', 'completed', 'completed', 'running'),
        milestone: { key: 'm2', title: 'Moderation', index: 2, total: 2 },
      }),
      project({
        id: '0199aaaa-0000-7000-8000-000000000103', short_id: 'P-9', name: 'ring-buffer', slug: 'ring-buffer', status: 'failed', waiting_decision_id: null,
        sentence: 'It cannot go on by itself: the workflow failed at “Implement”.', status_reason: 'The agent backend refused the key: 401.', actions: ['retry', 'cancel'],
        stages: bar('completed', 'completed', 'failed'), milestone: null,
        open_findings: [{ id: 'F1', severity: 'blocker', title: 'Push of the branch was refused', detail: 'The remote said `403`.', file: null, line: null }],
      }),
      project({
        id: '0199aaaa-0000-7000-8000-000000000104', short_id: 'P-7', name: 'word-count', slug: 'word-count', status: 'completed', waiting_decision_id: null,
        sentence: 'Completed: released as v1.0.0.', stages: bar('completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed'),
        finished_at: ago(600), created_at: ago(700), updated_at: ago(600), actions: [], milestone: null,
      }),
    ],
    decisions: [
      decision(),
      decision(
        {
          id: ids.planDecision, short_id: 'D-4F9A', type: 'plan', title: 'Plan for guestbook-api', project_name: 'guestbook-api', risk: 'high', created_at: ago(3),
          summary: PLAN.summary, artifact: { kind: 'plan', id: ids.plan, sha: SHA },
          context: { iteration: 1, project_type: 'web_api', stack: PLAN.stack, findings: [{ rule: 'README-001', severity: 'minor', message: 'The licence is not named' }] },
        },
        {
          consequences: [
            { choice: 'approve', text: 'The documents and rules of the plan are merged, then the first milestone is built.' },
            { choice: 'reject', text: 'The project ends here. The repository stays as it is.' },
            { choice: 'change', text: 'The architect makes a new plan that heeds your comment, and you are asked again.' },
          ],
        },
      ),
      decision(
        {
          id: ids.doneDecision, short_id: 'D-1B3C', type: 'plan', title: 'Plan for tally', status: 'applied', choice: 'approve', comment: 'Good: keep it small.',
          decided_by: { id: '0199aaaa-0000-7000-8000-000000000002', name: 'Grace Hopper' }, decided_at: ago(40), channel: 'telegram', created_at: ago(44), artifact: { kind: 'plan', id: ids.plan, sha: SHA },
        },
        {
          applied_at: ago(39),
          answers: [
            { name: 'Grace Hopper', choice: 'approve', comment: 'Good: keep it small.', channel: 'telegram', accepted: true, refusal: null, answered_at: ago(40) },
            { name: 'Ada Lovelace', choice: 'change', comment: null, channel: 'email', accepted: false, refusal: 'already_decided', answered_at: ago(38) },
          ],
        },
      ),
    ],
    stages: [
      stage(0, 'analysis', { summary: '6 requirements found in the README.' }),
      stage(1, 'planning', { agent: 'architect', tokens: 31_200, summary: 'Plan version 1, approved by Grace Hopper.' }),
      stage(2, 'implementation', { milestone: 'm1', agent: 'developer', tokens: 62_900 }),
      stage(3, 'testing', { milestone: 'm1', agent: 'qa', tokens: 21_400, status: 'failed', summary: 'QA: blank lines count as zero.' }),
      stage(4, 'implementation', { milestone: 'm1', iteration: 2, agent: 'developer', tokens: 48_200 }),
      stage(5, 'testing', { milestone: 'm1', iteration: 2, agent: 'qa', tokens: 20_520 }),
      stage(6, 'review', { milestone: 'm1', agent: 'architect', status: 'running', completed_at: null }),
    ],
    events: [
      { sequence: 118, project_id: ids.tally, kind: 'decision.asked', actor: 'quantapilot', summary: 'Asked: Merge “Read and sum” into main (D-7K2Q)', data: { short_id: 'D-7K2Q' }, occurred_at: ago(12) },
      {
        sequence: 115, project_id: ids.tally, kind: 'checks.finished', actor: 'github-integration', summary: 'Checks of a94a8fe5 failed', occurred_at: ago(16),
        data: {
          sha: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', conclusion: 'failure',
          checks: [
            { name: 'tests', conclusion: 'success', summary: '23 passed, 0 failed', details_url: 'https://github.test/ada/tally/runs/5' },
            { name: 'quantapilot/gates', conclusion: 'failure', summary: 'QA: blank lines count as zero', details_url: null },
          ],
        },
      },
      { sequence: 112, project_id: ids.tally, kind: 'agent_run.finished', actor: 'developer', summary: 'The developer fixed F1 in 4 minutes', data: { run_id: ids.run, tokens: 48_200 }, occurred_at: ago(18) },
      { sequence: 97, project_id: ids.tally, kind: 'pull_request.opened', actor: 'github-integration', summary: 'Opened pull request #2: Read and sum', data: { number: 2 }, occurred_at: ago(31) },
      { sequence: 80, project_id: ids.tally, kind: 'decision.answered', actor: 'Grace Hopper', summary: 'Grace Hopper approved the plan in Telegram', data: {}, occurred_at: ago(40) },
      { sequence: 61, project_id: ids.tally, kind: 'project.created', actor: 'github-integration', summary: 'A README appeared in ada/tally', data: {}, occurred_at: ago(48) },
    ],
    requirements: [
      { id: 'R1', text: 'Read amounts from a CSV file', milestone: 'm1', task_id: 't1', pull_request: 2, status: 'built' },
      { id: 'R2', text: 'Print the sum of each category', milestone: 'm1', task_id: 't2', pull_request: 2, status: 'planned' },
      { id: 'R3', text: 'Filter by month', milestone: 'm2', task_id: 't3', pull_request: null, status: 'planned' },
    ],
    artifact: { id: ids.plan, kind: 'plan', version: 1, title: 'Plan for tally', sha256: SHA, created_at: ago(45), content: PLAN, documents: [] },
    runs: [
      run({ id: '0199aaaa-0000-7000-8000-000000000402', role: 'architect', task: 'review', iteration: 1, state: 'running', outcome: null, answer: null, started_at: ago(2), created_at: ago(2), finished_at: null, last_sign_at: ago(0.2), total_tokens: 0, cost_cents: null }),
      run(),
      run({ id: '0199aaaa-0000-7000-8000-000000000403', role: 'qa', task: 'test', iteration: 1, total_tokens: 21_400, cost_cents: 24, created_at: ago(30), started_at: ago(30), finished_at: ago(26) }),
      run({ id: '0199aaaa-0000-7000-8000-000000000404', role: 'developer', task: 'implement', iteration: 1, outcome: 'stalled', reason: 'No sign of life for 10 minutes', answer: null, total_tokens: 9_100, cost_cents: null, created_at: ago(36), started_at: ago(36), finished_at: ago(31) }),
    ],
    messages: [
      { id: '1', generation: 1, kind: 'prompt', author: 'quantapilot', content: 'Fix the findings below on branch `quantapilot/m1-read-and-sum`.\n\n```json quantapilot-task\n{ "task": "fix" }\n```', created_at: ago(22) },
      { id: '2', generation: 1, kind: 'tool_call', author: 'tool', content: 'Ran `python3 -m unittest`: 1 failed, 22 passed', created_at: ago(20) },
      { id: '3', generation: 1, kind: 'answer', author: 'agent', content: 'Blank lines are now skipped.\n\n- changed `tally/reader.py`\n- added a test\n\nSee [the docs](https://docs.python.org/3/library/csv.html). <script>alert(1)</script> ![pixel](https://evil.test/p.png)', created_at: ago(18) },
    ],
    pulls: [
      {
        id: '2', project_id: ids.tally, repository: 'ada/tally', number: 2, title: 'Read and sum', html_url: 'https://github.test/ada/tally/pull/2', head: 'quantapilot/m1-read-and-sum', base: 'main',
        head_sha: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', state: 'open', merge_sha: null, opened_at: ago(31), closed_at: null,
      },
      {
        id: '1', project_id: ids.tally, repository: 'ada/tally', number: 1, title: 'Documents and rules of the plan', html_url: 'https://github.test/ada/tally/pull/1', head: 'quantapilot/foundation', base: 'main',
        head_sha: 'de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3', state: 'merged', merge_sha: '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12', opened_at: ago(39), closed_at: ago(38),
      },
    ],
    deliveries: [
      { id: 'd1', delivery_id: '72d3162e-cc78-11e3-81ab-4c9367dc0958', event: 'push', action: null, repository_name: 'ada/tally', sender_login: 'ada', state: 'processed', outcome: 'intake', error: null, times_received: 10, replays: 0, received_at: ago(48), processed_at: ago(48) },
      { id: 'd2', delivery_id: '83e4273f-cc78-11e3-81ab-4c9367dc0958', event: 'check_run', action: 'completed', repository_name: 'ada/tally', sender_login: 'sandbox-ci', state: 'failed', outcome: null, error: 'GitHub did not answer in time', times_received: 1, replays: 1, received_at: ago(15), processed_at: null },
    ],
    notifications: [
      {
        id: 'n1', kind: 'approval_request', project_id: ids.tally, project_name: 'tally', title: 'tally: may milestone 1 be merged?', created_at: ago(12),
        messages: [
          { channel: 'telegram', name: 'Ada Lovelace', state: 'sent', sent_at: ago(12), attempts: [{ operation: 'send', number: 1, outcome: 'sent', answer: 'message 311', started_at: ago(12) }] },
          {
            channel: 'email', name: 'grace@example.org', state: 'failed', reason: null, sent_at: null,
            attempts: [
              { operation: 'send', number: 1, outcome: 'retry', answer: '451 try again', started_at: ago(12) },
              { operation: 'send', number: 2, outcome: 'rejected', answer: '550 mailbox unavailable', started_at: ago(10) },
            ],
          },
        ],
      },
    ],
    demo: {
      available: true,
      sandbox_url: 'http://localhost:3900/',
      sandboxed: ['cursor', 'github', 'mail', 'telegram'],
      readmes: [
        { name: 'python-cli', title: 'A command-line tool', description: 'Python, standard library only: sums a CSV file by category.' },
        { name: 'node-api', title: 'A small web API', description: 'Node without dependencies: a guestbook with moderation.' },
        { name: 'rust-lib', title: 'A library', description: 'Rust: a ring buffer with iterators.' },
      ],
    },
    telegram: { items: [], available: true },
    budgets: [budget({ period: 'project', shared: false, limit_cents: 1000, limit_tokens: 5_000_000, spent: null, reserved: null }), budget()],
    projectBudgets: [
      budget({ period: 'project', shared: false, limit_cents: 1000, limit_tokens: 5_000_000, spent: { tokens: 184_220, cost_cents: 212.4 }, reserved: { tokens: 500_000, cost_cents: 100 } }),
      budget(),
    ],
    apiKeys: [
      apiKey(),
      apiKey({ id: '0199aaaa-0000-7000-8000-000000000502', name: 'spring clean-up', prefix: 'qp_mdkwpbxe', scopes: ['projects:read'], state: 'expired', expires_at: ago(60 * 24 * 9), last_used_at: null }),
      apiKey({
        id: '0199aaaa-0000-7000-8000-000000000503', name: 'Grace’s dashboard', prefix: 'qp_rqzlhvte', scopes: ['*'], expires_at: null,
        owner: { id: '0199aaaa-0000-7000-8000-000000000002', email: 'grace@example.org', display_name: 'Grace Hopper' },
      }),
    ],
    usage: {
      runs: 6,
      total_tokens: 184_220,
      cost_cents: 212.4,
      runs_without_cost: 1,
      by_task: [
        line('architect', 'plan', 1, 31_200, 41),
        line('developer', 'implement', 2, 62_900, 86, 1),
        line('developer', 'fix', 1, 48_200, 61.2),
        line('qa', 'test', 2, 41_920, 24.2),
      ],
    },
  };
}
