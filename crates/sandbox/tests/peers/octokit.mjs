// The official client goes through a project's life on the sandbox; every answer and every webhook is checked.
// Usage: node octokit.mjs <sandbox address> <REST description> <webhook description>; prints one line of JSON.

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';

import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';

import { Answers, Webhooks } from './validate.mjs';

const [baseUrl, restFile, hooksFile] = process.argv.slice(2);
const answers = new Answers(restFile);
const webhooks = new Webhooks(hooksFile);
const failures = [];

function expect(fact, text) {
  if (!fact) failures.push(text);
}

function client(options) {
  const octokit = new Octokit({ baseUrl, ...options, log: { debug() {}, info() {}, warn() {}, error() {} } });
  octokit.hook.wrap('request', async (request, parameters) => {
    const method = parameters.method;
    const address = (url) => new URL(url).pathname.replace(/^\/api\/v3/, '');
    try {
      const response = await request(parameters);
      answers.check(method, address(octokit.request.endpoint(parameters).url), response.status, response.data);
      return response;
    } catch (error) {
      if (error.response) answers.check(method, address(octokit.request.endpoint(parameters).url), error.status, error.response.data);
      throw error;
    }
  });
  return octokit;
}

/** The call must fail, with this status. */
async function fails(status, call) {
  try {
    await call;
    failures.push(`expected ${status}, but it went through`);
  } catch (error) {
    if (error.status !== status) failures.push(`expected ${status}, got ${error.status}: ${error.message}`);
  }
}

const secret = 'peers';
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const raw = Buffer.concat(chunks);
    if (request.url === '/signed') {
      const signature = `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`;
      expect(request.headers['x-hub-signature-256'] === signature, 'a webhook has a wrong signature');
    }
    webhooks.check(request.headers, JSON.parse(raw));
    response.writeHead(202).end('{}');
  });
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const receiver = `http://127.0.0.1:${server.address().port}`;

/** Ask until it is so. */
async function until(ask, what) {
  for (let turn = 0; turn < 150; turn += 1) {
    const value = await ask();
    if (value) return value;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  failures.push(`waited in vain for ${what}`);
  return undefined;
}

const github = client({ auth: 'sandbox-github-token' });
const { data: me } = await github.users.getAuthenticated();
const owner = me.login;
await github.rateLimit.get();
await github.meta.get();
await github.users.getByUsername({ username: 'demo' });
await fails(401, client({ auth: 'wrong' }).users.getAuthenticated());
await fails(401, client({}).users.getAuthenticated());

// Repositories.
await github.repos.createForAuthenticatedUser({ name: 'peer', description: 'Held against octokit', has_wiki: false });
const repo = { owner, repo: 'peer' };
await fails(422, github.repos.createForAuthenticatedUser({ name: 'peer' }));
await fails(404, github.repos.get({ owner, repo: 'nothing' }));
await fails(409, github.repos.listCommits(repo));
await fails(404, github.repos.getReadme(repo));
await fails(409, github.git.createBlob({ ...repo, content: 'x' }));
await github.repos.get(repo);
await github.repos.listForAuthenticatedUser({ sort: 'created', per_page: 1 });
await github.repos.createWebhook({ ...repo, config: { url: `${receiver}/signed`, content_type: 'json', secret }, events: ['*'] });

// The first commit by the contents API, the next by git data.
const { data: first } = await github.repos.createOrUpdateFileContents({ ...repo, path: 'README.md', message: 'Say what it is', content: Buffer.from('# Peer\n').toString('base64') });
await github.repos.getReadme(repo);
await github.repos.getContent({ ...repo, path: 'README.md' });
await github.repos.getContent({ ...repo, path: '' });
await fails(422, github.repos.createOrUpdateFileContents({ ...repo, path: 'README.md', message: 'again', content: 'eA==' }));
await fails(409, github.repos.createOrUpdateFileContents({ ...repo, path: 'README.md', message: 'again', content: 'eA==', sha: '0'.repeat(40) }));
await github.repos.createOrUpdateFileContents({ ...repo, path: 'README.md', message: 'Say more', content: Buffer.from('# Peer\n\nMore.\n').toString('base64'), sha: first.content.sha });
const { data: main } = await github.git.getRef({ ...repo, ref: 'heads/main' });
const { data: base } = await github.git.getCommit({ ...repo, commit_sha: main.object.sha });
const { data: blob } = await github.git.createBlob({ ...repo, content: Buffer.from('echo peer\n').toString('base64'), encoding: 'base64' });
await github.git.getBlob({ ...repo, file_sha: blob.sha });
const workflow = 'name: CI\non: [push, pull_request, workflow_dispatch]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: sh tool.sh | grep peer\n';
const { data: tree } = await github.git.createTree({ ...repo, base_tree: base.tree.sha, tree: [
  { path: 'tool.sh', mode: '100755', type: 'blob', sha: blob.sha },
  { path: 'docs/deep/note.md', mode: '100644', type: 'blob', content: 'A note.\n' },
  { path: '.github/workflows/ci.yml', mode: '100644', type: 'blob', content: workflow },
] });
await github.git.getTree({ ...repo, tree_sha: tree.sha, recursive: 'true' });
const { data: commit } = await github.git.createCommit({ ...repo, message: 'Add a tool', tree: tree.sha, parents: [main.object.sha] });
await github.git.createRef({ ...repo, ref: 'refs/heads/feature/tool', sha: commit.sha });
await fails(422, github.git.createRef({ ...repo, ref: 'refs/heads/feature/tool', sha: commit.sha }));
await fails(422, github.git.createRef({ ...repo, ref: 'refs/heads/other', sha: '1'.repeat(40) }));
await github.git.listMatchingRefs({ ...repo, ref: 'heads/feature' });
await fails(404, github.git.getRef({ ...repo, ref: 'heads/nothing' }));
await fails(422, github.git.updateRef({ ...repo, ref: 'heads/feature/tool', sha: first.commit.sha }));
await github.repos.listBranches(repo);
await github.repos.getBranch({ ...repo, branch: 'feature/tool' });
await fails(404, github.repos.getBranch({ ...repo, branch: 'nothing' }));
await fails(404, github.repos.getBranchProtection({ ...repo, branch: 'main' }));
await github.repos.listCommits({ ...repo, sha: 'feature/tool' });
await github.repos.getCommit({ ...repo, ref: 'feature/tool' });
const { data: compared } = await github.repos.compareCommitsWithBasehead({ ...repo, basehead: 'main...feature/tool' });
expect(compared.ahead_by === 1 && compared.files.length === 3, 'the comparison is wrong');
await github.repos.listLanguages(repo);
await github.repos.replaceAllTopics({ ...repo, names: ['peer', 'sandbox'] });
await github.repos.getAllTopics(repo);
await github.repos.getCollaboratorPermissionLevel({ ...repo, username: 'demo' });
await github.repos.update({ ...repo, description: 'Held against octokit, twice' });

// A pull request, its checks and reviews.
const { data: pull } = await github.pulls.create({ ...repo, title: 'Add a tool', head: 'feature/tool', base: 'main', body: 'It echoes.' });
const at = { ...repo, pull_number: pull.number };
await fails(422, github.pulls.create({ ...repo, title: 'Again', head: 'feature/tool', base: 'main' }));
await fails(422, github.pulls.create({ ...repo, title: 'Nothing', head: 'nothing', base: 'main' }));
await github.pulls.list({ ...repo, head: `${owner}:feature/tool` });
await github.pulls.listFiles(at);
await github.pulls.listCommits(at);
await fails(404, github.pulls.checkIfMerged(at));
await fails(422, github.pulls.createReview({ ...at, event: 'APPROVE' }));
const other = client({ auth: 'sandbox-demo-token' });
await other.pulls.createReview({ ...at, event: 'REQUEST_CHANGES', body: 'Please explain.', comments: [{ path: 'tool.sh', line: 1, body: 'Why?' }] });
await other.pulls.createReview({ ...at, event: 'APPROVE', body: 'Good.' });
const { data: [review] } = await github.pulls.listReviews(at);
await github.pulls.getReview({ ...at, review_id: review.id });
await github.pulls.createReviewComment({ ...at, body: 'A remark', path: 'tool.sh', commit_id: commit.sha, line: 1 });
await github.pulls.listReviewComments(at);
await github.pulls.requestReviewers({ ...at, reviewers: ['demo'] });
await github.issues.createComment({ ...repo, issue_number: pull.number, body: 'Looks good' });
await github.repos.createCommitStatus({ ...repo, sha: commit.sha, state: 'pending', context: 'quantapilot/gates', description: 'Looking' });
await github.repos.createCommitStatus({ ...repo, sha: commit.sha, state: 'success', context: 'quantapilot/gates', target_url: 'https://example.com/1' });
await fails(422, github.repos.createCommitStatus({ ...repo, sha: commit.sha, state: 'good' }));
await github.repos.getCombinedStatusForRef({ ...repo, ref: 'feature/tool' });
await github.repos.listCommitStatusesForRef({ ...repo, ref: commit.sha });
await fails(403, github.checks.create({ ...repo, name: 'mine', head_sha: commit.sha }));
const checks = await until(async () => {
  const { data } = await github.checks.listForRef({ ...repo, ref: 'feature/tool' });
  return data.total_count >= 2 && data.check_runs.every((run) => run.status === 'completed') && data.check_runs;
}, 'the checks');
expect(checks?.every((run) => run.conclusion === 'success'), 'the workflow failed');
await github.checks.get({ ...repo, check_run_id: checks[0].id });
await github.checks.listSuitesForRef({ ...repo, ref: commit.sha });
await github.checks.listAnnotations({ ...repo, check_run_id: checks[0].id });
await github.checks.listForSuite({ ...repo, check_suite_id: checks[0].check_suite.id });
await github.checks.getSuite({ ...repo, check_suite_id: checks[0].check_suite.id });
await github.actions.listRepoWorkflows(repo);
const { data: { workflow_runs: runs } } = await github.actions.listWorkflowRunsForRepo({ ...repo, head_sha: commit.sha });
await github.actions.getWorkflowRun({ ...repo, run_id: runs[0].id });
const { data: { jobs } } = await github.actions.listJobsForWorkflowRun({ ...repo, run_id: runs[0].id });
await github.actions.getJobForWorkflowRun({ ...repo, job_id: jobs[0].id });
const log = await fetch(`${baseUrl}/repos/${owner}/peer/actions/jobs/${jobs[0].id}/logs`, { headers: { authorization: 'token sandbox-github-token', 'user-agent': 'peer' } });
expect((await log.text()).includes('peer'), 'the log does not hold what the step said');
await github.actions.reRunWorkflow({ ...repo, run_id: runs[0].id });
await github.actions.createWorkflowDispatch({ ...repo, workflow_id: 'ci.yml', ref: 'feature/tool' });

// Merging: not at another head, once.
await fails(409, github.pulls.merge({ ...at, sha: first.commit.sha }));
const mergeable = await until(async () => (await github.pulls.get(at)).data.mergeable, 'the pull request to be mergeable');
expect(mergeable === true, 'the pull request is not mergeable');
const { data: merged } = await github.pulls.merge({ ...at, sha: commit.sha, merge_method: 'squash' });
expect(merged.merged, 'the merge did not happen');
await fails(405, github.pulls.merge(at));
await github.pulls.checkIfMerged(at);
await github.repos.listPullRequestsAssociatedWithCommit({ ...repo, commit_sha: commit.sha });
await github.git.deleteRef({ ...repo, ref: 'heads/feature/tool' });
await fails(422, github.git.deleteRef({ ...repo, ref: 'heads/feature/tool' }));

// A branch behind its base is brought up to date; another conflicts.
const before = first.commit.sha;
for (const [branch, path, text] of [['behind', 'other.txt', 'other\n'], ['conflict', 'tool.sh', 'echo no\n']]) {
  await github.git.createRef({ ...repo, ref: `refs/heads/${branch}`, sha: before });
  await github.repos.createOrUpdateFileContents({ ...repo, branch, path, message: `Write ${path}`, content: Buffer.from(text).toString('base64') });
}
const { data: behind } = await github.pulls.create({ ...repo, title: 'Behind', head: 'behind', base: 'main', draft: true });
await github.pulls.updateBranch({ ...repo, pull_number: behind.number });
await fails(405, github.pulls.merge({ ...repo, pull_number: behind.number }));
const { data: conflict } = await github.pulls.create({ ...repo, title: 'Conflict', head: 'conflict', base: 'main' });
const dirty = await until(async () => { const { data } = await github.pulls.get({ ...repo, pull_number: conflict.number }); return data.mergeable === null ? undefined : data; }, 'the conflict to be seen');
expect(dirty?.mergeable === false && dirty.mergeable_state === 'dirty', 'the conflict was not seen');
await fails(405, github.pulls.merge({ ...repo, pull_number: conflict.number }));
await github.pulls.update({ ...repo, pull_number: conflict.number, title: 'Conflict, closed', state: 'closed' });
await github.pulls.update({ ...repo, pull_number: conflict.number, state: 'open' });

// Issues and labels.
const { data: issue } = await github.issues.create({ ...repo, title: 'A bug', body: 'It is broken', labels: ['bug'], assignees: [owner] });
await fails(422, github.issues.create({ ...repo, title: '' }));
await github.issues.listForRepo({ ...repo, state: 'all' });
await github.issues.get({ ...repo, issue_number: issue.number });
await github.issues.update({ ...repo, issue_number: issue.number, title: 'A small bug' });
const { data: comment } = await github.issues.createComment({ ...repo, issue_number: issue.number, body: 'Seen' });
await github.issues.updateComment({ ...repo, comment_id: comment.id, body: 'Seen it' });
await github.issues.listComments({ ...repo, issue_number: issue.number });
await github.issues.createLabel({ ...repo, name: 'quantapilot', color: 'aabbcc', description: 'Ours' });
await fails(422, github.issues.createLabel({ ...repo, name: 'quantapilot', color: 'aabbcc' }));
await github.issues.listLabelsForRepo(repo);
await github.issues.addLabels({ ...repo, issue_number: issue.number, labels: ['quantapilot'] });
await github.issues.listLabelsOnIssue({ ...repo, issue_number: issue.number });
await github.issues.removeLabel({ ...repo, issue_number: issue.number, name: 'bug' });
await fails(404, github.issues.removeLabel({ ...repo, issue_number: issue.number, name: 'bug' }));
await github.issues.update({ ...repo, issue_number: issue.number, state: 'closed', state_reason: 'completed' });
const pages = await github.paginate(github.issues.listLabelsForRepo, { ...repo, per_page: 3 });
expect(pages.length === 10, `paging gave ${pages.length} labels instead of 10`);

await github.issues.getComment({ ...repo, comment_id: comment.id });
await github.issues.getLabel({ ...repo, name: 'quantapilot' });
const { data: other_file } = await github.repos.getContent({ ...repo, path: 'docs/deep/note.md' });
await github.repos.deleteFile({ ...repo, path: 'docs/deep/note.md', message: 'Take the note away', sha: other_file.sha });

// A release, with an annotated tag beside it.
const { data: tag } = await github.git.createTag({ ...repo, tag: 'v0.1.0', message: 'First', object: merged.sha, type: 'commit' });
await github.git.getTag({ ...repo, tag_sha: tag.sha });
await github.git.createRef({ ...repo, ref: 'refs/tags/v0.1.0', sha: tag.sha });
const { data: release } = await github.repos.createRelease({ ...repo, tag_name: 'v1.0.0', name: 'One', body: 'Done', target_commitish: 'main' });
await fails(422, github.repos.createRelease({ ...repo, tag_name: 'v1.0.0' }));
await github.repos.getRelease({ ...repo, release_id: release.id });
await github.repos.updateRelease({ ...repo, release_id: release.id, body: 'Done, and described' });
await github.repos.getReleaseByTag({ ...repo, tag: 'v1.0.0' });
await github.repos.getLatestRelease(repo);
await github.repos.listReleases(repo);
await github.repos.listTags(repo);

// Hooks and their deliveries.
const { data: [hook] } = await github.repos.listWebhooks(repo);
await github.repos.getWebhook({ ...repo, hook_id: hook.id });
await github.repos.updateWebhook({ ...repo, hook_id: hook.id, add_events: ['push'] });
await github.repos.pingWebhook({ ...repo, hook_id: hook.id });
await fails(422, github.repos.createWebhook({ ...repo, config: { url: `${receiver}/signed`, content_type: 'json' }, events: ['*'] }));
const { data: deliveries } = await github.repos.listWebhookDeliveries({ ...repo, hook_id: hook.id, per_page: 5 });
await github.repos.getWebhookDelivery({ ...repo, hook_id: hook.id, delivery_id: deliveries[0].id });
await github.repos.redeliverWebhookDelivery({ ...repo, hook_id: hook.id, delivery_id: deliveries[0].id });
await until(async () => (await github.repos.listWebhookDeliveries({ ...repo, hook_id: hook.id })).data.some((one) => one.redelivery && one.guid === deliveries[0].guid), 'the redelivery');

// An App: made by the manifest flow, installed, with check runs of its own.
const manifest = { name: 'Peer App', url: baseUrl, hook_attributes: { url: `${receiver}/app` }, redirect_url: `${receiver}/redirect`, default_events: ['push', 'check_run', 'check_suite'], default_permissions: { metadata: 'read', contents: 'write', checks: 'write', statuses: 'write', pull_requests: 'write' } };
const submitted = await fetch(`${baseUrl}/settings/apps/new?state=s1`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ manifest: JSON.stringify(manifest) }), headers: { 'user-agent': 'peer' } });
const code = new URL(submitted.headers.get('location')).searchParams.get('code');
const { data: app } = await client({}).apps.createFromManifest({ code });
await fails(404, client({}).apps.createFromManifest({ code }));
await fetch(`${baseUrl}/apps/${app.slug}/installations/new`, { redirect: 'manual', headers: { 'user-agent': 'peer' } });
const asApp = client({ authStrategy: createAppAuth, auth: { appId: app.id, privateKey: app.pem } });
await asApp.apps.getAuthenticated();
const { data: [installation] } = await asApp.apps.listInstallations();
await asApp.apps.getInstallation({ installation_id: installation.id });
await asApp.apps.getWebhookConfigForApp();
await asApp.apps.listWebhookDeliveries();
await other.repos.createForAuthenticatedUser({ name: 'app-peer', auto_init: true });
const mine = { owner: 'demo', repo: 'app-peer' };
await asApp.apps.getRepoInstallation(mine);
const { data: token } = await asApp.apps.createInstallationAccessToken({ installation_id: installation.id });
const installed = client({ auth: token.token });
await installed.apps.listReposAccessibleToInstallation();
await fails(403, installed.issues.create({ ...mine, title: 'Not allowed' }));
await fails(404, installed.repos.updateWebhook({ ...repo, hook_id: hook.id }));
const { data: head } = await installed.repos.getBranch({ ...mine, branch: 'main' });
await installed.repos.createWebhook({ ...mine, config: { url: receiver } }).catch((error) => expect(error.status === 403, 'hooks need a permission'));
await other.repos.createWebhook({ ...mine, config: { url: `${receiver}/signed`, content_type: 'json', secret }, events: ['check_run', 'check_suite'] });
const { data: run } = await installed.checks.create({ ...mine, name: 'gates', head_sha: head.commit.sha, status: 'in_progress' });
await installed.checks.update({ ...mine, check_run_id: run.id, status: 'completed', conclusion: 'success', output: { title: 'Good', summary: 'All gates are open.' } });

// An organisation hears of repositories as they are made.
await github.repos.createInOrg({ org: 'quanta', name: 'first' });
await github.orgs.createWebhook({ org: 'quanta', name: 'web', config: { url: `${receiver}/signed`, content_type: 'json', secret }, events: ['repository', 'push'] });
await github.orgs.listWebhooks({ org: 'quanta' });
await github.repos.createInOrg({ org: 'quanta', name: 'second', auto_init: true });
await github.repos.listForUser({ username: 'demo' });
await fails(404, github.orgs.listWebhooks({ org: 'demo' }));
const { data: [mineHook] } = await other.repos.listWebhooks(mine);
await other.repos.updateWebhook({ ...mine, hook_id: mineHook.id, add_events: ['meta'] });
await other.repos.deleteWebhook({ ...mine, hook_id: mineHook.id });

// Renaming leaves a redirect behind.
await github.repos.update({ ...repo, name: 'peer-renamed' });
const { data: renamed } = await github.request('GET /repositories/{id}', { id: compared.base_commit ? (await github.repos.get({ owner, repo: 'peer-renamed' })).data.id : 0 }).catch((error) => ({ data: error }));
expect(renamed.full_name === `${owner}/peer-renamed`, 'a repository is not found by its number');
const { data: followed } = await github.repos.get(repo);
expect(followed.name === 'peer-renamed', 'the redirect of a renamed repository is not followed');
await github.repos.delete({ owner, repo: 'peer-renamed' });
await fails(404, github.repos.get({ owner, repo: 'peer-renamed' }));

// Deliveries are not in order; wait for the stragglers.
let quiet = -1;
await until(async () => { const same = quiet === webhooks.count; quiet = webhooks.count; await new Promise((resolve) => { setTimeout(resolve, 400); }); return same; }, 'the last webhooks');
server.close();
console.log(JSON.stringify({
  answers: answers.count, operations: [...new Set([...answers.seen].map((name) => name.split(' ').slice(0, 2).join(' ')))].sort(),
  webhooks: webhooks.count, events: [...webhooks.seen].sort(),
  problems: [...new Set([...answers.problems, ...webhooks.problems, ...failures])],
}));
process.exit(0);
