// The sandbox's page. No build step: one module, redrawn from the API whenever the server says that something changed.

const main = document.getElementById('main');
const api = '/_sandbox/api';

/** Make an element. Text is always text: nothing that others wrote is read as HTML. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

async function call(method, path, body) {
  const response = await fetch(api + path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  let value = text;
  try { value = JSON.parse(text); } catch { /* a plain answer */ }
  if (!response.ok) throw new Error(value?.message ?? (text || `The sandbox answered ${response.status}.`));
  return value;
}
const get = (path) => call('GET', path);

let toastTimer;
function toast(text) {
  const box = document.getElementById('toast');
  box.textContent = text;
  box.classList.add('on');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove('on'), 4000);
}

/** A button's work: disabled while it runs, errors shown. */
function doing(work) {
  return async (event) => {
    event.preventDefault();
    const button = event.submitter ?? event.currentTarget;
    button.disabled = true;
    try { await work(event); } catch (error) { toast(error.message); } finally { button.disabled = false; }
  };
}

const when = (text) => {
  if (!text) return '';
  const date = typeof text === 'number' ? new Date(text * 1000) : new Date(text);
  const seconds = Math.round((Date.now() - date) / 1000);
  const shown = seconds < 60 ? 'just now' : seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : date.toLocaleString();
  return el('time', { datetime: date.toISOString(), title: date.toLocaleString(), class: 'soft' }, shown);
};
const tag = (word, text) => el('span', { class: `tag ${word ?? ''}` }, text ?? word ?? '');
const short = (sha) => el('code', {}, (sha ?? '').slice(0, 7));
const empty = (text) => el('p', { class: 'empty' }, text);
const rows = (items, none, show) => (items.length ? el('ul', { class: 'rows' }, items.map((item) => el('li', {}, show(item)))) : empty(none));
const line = (...children) => el('div', { class: 'line' }, ...children);
const grow = (...children) => el('span', { class: 'grow' }, ...children);

function patch(text) {
  const kind = (row) => (row.startsWith('+') ? 'add' : row.startsWith('-') ? 'del' : row.startsWith('@@') ? 'hunk' : '');
  return el('pre', {}, text.split('\n').map((row) => el('span', { class: kind(row) }, `${row}\n`)));
}
const changedFiles = (files) => files.map((file) => el('details', { class: 'card', 'data-key': `file ${file.filename}`, open: files.length < 6 },
  el('summary', {}, el('code', {}, file.filename), ' ', tag(file.status), ' ', el('span', { class: 'success' }, `+${file.additions}`), ' ', el('span', { class: 'failure' }, `−${file.deletions}`)),
  file.patch ? patch(file.patch) : el('p', { class: 'soft' }, 'No text to show.')));

// --- views: each returns what belongs into the page ----------------------------------------------------------------

async function home() {
  const about = await get('/about');
  const start = (body) => doing(async () => {
    const repository = await call('POST', '/demo', body());
    location.hash = `#/repositories/${repository.full_name}`;
  });
  const name = el('input', { name: 'name', placeholder: 'my-project', pattern: '[A-Za-z0-9._\\-]+' });
  const text = el('textarea', { name: 'text', required: true, placeholder: '# My project\n\nWhat it should do …', 'aria-label': 'README' });
  return [
    el('h1', {}, 'Start a project'),
    el('p', { class: 'soft' }, `Pushes a README to a new repository of ${about.github.owner}, as a person would with git.`),
    el('div', { class: 'grid' }, about.readmes.map((readme) => el('div', { class: 'card' },
      el('strong', {}, readme.repository), el('p', {}, readme.summary),
      el('button', { class: 'main', onclick: start(() => ({ readme: readme.key })) }, 'Push this README')))),
    el('h2', {}, 'Or a README of your own'),
    el('form', { class: 'card', onsubmit: start(() => ({ name: name.value || undefined, text: text.value })) },
      el('label', {}, 'Repository name', name), el('p', {}, text), el('button', { class: 'main' }, 'Push it')),
    el('h2', {}, 'Where things are'),
    el('dl', { class: 'card' },
      el('dt', { class: 'soft' }, 'GitHub API, git, Telegram and Cursor'), el('dd', {}, el('code', {}, about.url)),
      el('dt', { class: 'soft' }, 'Accounts'), el('dd', {}, el('code', {}, about.github.bot), ' (the bot) and ', el('code', {}, about.github.owner), ' (owns demo repositories)')),
  ];
}

let chatId;
async function phone() {
  const { chats, bot, callbacks } = await get('/telegram/chats');
  if (!chats.some((chat) => chat.id === chatId)) chatId = (chats.find((chat) => chat.messages.length) ?? chats.find((chat) => chat.kind === 'private') ?? chats[0])?.id;
  const chat = chats.find((one) => one.id === chatId);
  if (!chat) return [el('h1', {}, 'Phone'), empty('Nobody has a phone yet.')];
  const asMember = chat.kind === 'private' ? undefined : chat.members[0]?.id;
  const pick = (id) => () => { chatId = id; draw(); };
  const press = (message, button) => doing(async () => {
    const { callbacks: pressed } = await call('POST', '/telegram/press', { chat_id: chat.id, message_id: message.message_id, data: button.callback_data, user_id: asMember, wait_ms: 3000 });
    const answer = pressed?.at(-1)?.answer;
    if (answer?.text ?? answer) toast(answer.text ?? String(answer));
  });
  const key = (message) => (button) => (button.url
    ? el('a', { href: /^https?:/.test(button.url) ? button.url : '#', target: '_blank', rel: 'noopener' }, button.text)
    : el('button', { type: 'button', onclick: press(message, button) }, button.text));
  const bubble = (message) => el('div', { class: message.from.bot ? 'bubble' : 'bubble own' },
    chat.kind !== 'private' && el('div', { class: 'soft' }, message.from.name),
    formatted(message.html ?? ''), message.document && el('div', {}, `📎 ${message.document.file_name}`),
    el('div', { class: 'soft' }, when(message.date), message.edit_date ? ' · edited' : ''),
    message.keyboard?.length ? el('div', { class: 'keys' }, message.keyboard.map((row) => el('div', { class: 'row' }, row.map(key(message))))) : null);
  const input = el('input', { name: 'say', placeholder: `Message to @${bot.username}`, autocomplete: 'off', 'aria-label': 'Message', 'data-keep': `say ${chat.id}` });
  const wish = [...chat.messages].reverse().find((message) => message.force_reply && message.from.bot);
  const say = doing(async () => {
    const text = input.value.trim();
    if (!text) return;
    const last = chat.messages.at(-1);
    await call('POST', '/telegram/send', { chat_id: chat.id, user_id: asMember, text, reply_to: wish && last === wish ? wish.message_id : undefined });
    input.value = '';
  });
  const recent = [...(callbacks ?? [])].slice(-5).reverse();
  return [
    el('h1', {}, 'Phone'),
    el('div', { class: 'phones' },
      el('div', { class: 'chats' }, chats.map((one) => el('button', { 'aria-pressed': String(one.id === chat.id), onclick: pick(one.id) },
        one.title, one.messages.length ? el('span', { class: 'soft' }, ` · ${one.messages.length}`) : '', one.blocked ? ' ⛔' : ''))),
      el('div', {},
        el('section', { class: 'phone', 'aria-label': `Chat with ${chat.title}` },
          el('div', { class: 'top' }, `${chat.title}${chat.kind === 'private' ? '’s phone' : ''}`),
          el('div', { class: 'talk', 'data-end': `chat ${chat.id}` }, chat.messages.length ? chat.messages.map(bubble) : el('p', { class: 'soft' }, chat.started ? 'No messages yet.' : 'Has not pressed Start: write /start.')),
          el('form', { onsubmit: say }, input, el('button', { class: 'main' }, 'Send'))),
        recent.length ? el('details', { 'data-key': 'presses' }, el('summary', { class: 'soft' }, 'Last presses'), el('pre', {}, JSON.stringify(recent, null, 1))) : null)),
  ];
}

/** Telegram's own tags and nothing else: everything is rebuilt from a parsed copy that never runs. */
function formatted(html) {
  const allowed = { B: 'b', STRONG: 'b', I: 'i', EM: 'i', U: 'u', S: 's', CODE: 'code', PRE: 'pre', BLOCKQUOTE: 'blockquote', SPAN: 'span' };
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return document.createTextNode('');
    if (node.tagName === 'BR') return el('br');
    const inside = [...node.childNodes].map(copy);
    const href = node.getAttribute('href') ?? '';
    if (node.tagName === 'A' && /^(https?|tg|mailto):/.test(href)) return el('a', { href, target: '_blank', rel: 'noopener' }, inside);
    return el(allowed[node.tagName] ?? 'span', {}, inside);
  };
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  return el('div', {}, [...parsed.body.childNodes].map(copy));
}

async function mails() {
  const { mails: all } = await get('/mails');
  return [el('h1', {}, 'Mails'), rows(all, 'No mail yet.', (mail) => line(
    grow(el('a', { href: `#/mails/${mail.id}` }, mail.subject || '(no subject)')), el('span', { class: 'soft' }, `to ${mail.envelope.to.join(', ')}`), when(mail.received_at)))];
}

async function mail(id) {
  const one = await get(`/mails/${id}`);
  return [
    el('p', {}, el('a', { href: '#/mails' }, '← Mails')), el('h1', {}, one.subject || '(no subject)'),
    el('div', { class: 'card' }, el('div', {}, `From ${one.from ?? one.envelope.from}`), el('div', {}, `To ${one.to.join(', ') || one.envelope.to.join(', ')}`), when(one.received_at)),
    // No scripts, no forms, no origin: a mail is somebody else's page. Its links open in a new tab.
    one.html ? el('iframe', { class: 'mail', sandbox: 'allow-popups allow-popups-to-escape-sandbox', srcdoc: `<base target="_blank">${one.html}`, title: 'Mail' }) : null,
    one.links.length ? [el('h2', {}, 'Links'), rows(one.links, '', (link) => el('a', { href: link, target: '_blank', rel: 'noopener' }, link))] : null,
    one.text ? [el('h2', {}, 'Text'), el('pre', {}, one.text)] : null,
    el('details', { 'data-key': 'raw' }, el('summary', {}, 'As it arrived'), el('pre', {}, one.raw)),
  ];
}

async function repositories() {
  const { repositories: all } = await get('/repositories');
  return [el('h1', {}, 'Repositories'), rows(all, 'No repositories yet. Push a README from the start page.', (repo) => line(
    grow(el('a', { href: `#/repositories/${repo.full_name}` }, repo.full_name), ' ', repo.private ? tag('', 'private') : ''),
    repo.language ? tag('', repo.language) : '', el('span', { class: 'soft' }, `${repo.open_pulls} open of ${repo.pulls} PRs · ${repo.releases} releases · ${repo.hooks} hooks`), when(repo.pushed_at ?? repo.created_at)))];
}

const commitLine = (name) => (commit) => line(grow(el('a', { href: `#/repositories/${name}/commits/${commit.sha}` }, commit.message.split('\n')[0])),
  commit.verdict ? tag(commit.verdict) : '', el('span', { class: 'soft' }, commit.author), short(commit.sha), when(commit.date));

async function repository(name) {
  const repo = await get(`/repositories/${name}`);
  const main = repo.branches.find((branch) => branch.name === repo.default_branch) ?? repo.branches[0];
  return [
    el('h1', {}, repo.full_name),
    el('p', {}, el('code', {}, `git clone ${repo.clone_url}`)),
    el('p', {}, el('a', { href: `#/repositories/${name}/files/${repo.default_branch}` }, 'Files'), el('span', { class: 'soft' }, ` on ${repo.default_branch}`), repo.tags.length ? [' · ', repo.tags.map((one) => tag('', one))] : ''),
    el('h2', {}, 'Pull requests'),
    rows(repo.pulls, 'None yet.', (pull) => line(tag(pull.state), grow(el('a', { href: `#/repositories/${name}/pulls/${pull.number}` }, `#${pull.number} ${pull.title}`)),
      el('span', { class: 'soft' }, `${pull.head} → ${pull.base}`), pull.verdict ? tag(pull.verdict) : '', when(pull.merged_at ?? pull.created_at))),
    el('h2', {}, `Commits on ${main?.name ?? repo.default_branch}`),
    rows(main?.commits ?? [], 'The repository is empty.', commitLine(repo.full_name)),
    el('h2', {}, 'Branches'),
    rows(repo.branches, 'None yet.', (branch) => el('details', { 'data-key': `branch ${branch.name}` }, el('summary', {}, branch.name, ' ', short(branch.sha), ' ', el('a', { href: `#/repositories/${name}/files/${branch.name}` }, 'files')),
      rows(branch.commits.slice(0, 20), '', commitLine(repo.full_name)))),
    el('h2', {}, 'CI runs'),
    rows(repo.runs, 'None yet: they start when a workflow file is pushed.', (run) => el('details', { 'data-key': `run ${run.id}` },
      el('summary', {}, tag(run.conclusion ?? run.status), ' ', `${run.name} #${run.run_number}`, ' ', el('span', { class: 'soft' }, `${run.event} on ${run.head_branch}`), ' ', short(run.head_sha), ' ', when(run.updated_at)),
      run.jobs.map((job) => el('div', {}, tag(job.conclusion ?? job.status), ' ', job.name, ' ', el('a', { href: `#/repositories/${name}/jobs/${job.id}` }, 'log'),
        el('ul', {}, job.steps.map((step) => el('li', {}, step.name, ' ', tag(step.conclusion ?? step.status)))))))),
    repo.statuses.length ? [el('h2', {}, 'Commit statuses'), rows(repo.statuses, '', (status) => line(tag(status.state), grow(`${status.context}: ${status.description ?? ''}`), short(status.sha), when(status.created_at)))] : null,
    repo.releases.length ? [el('h2', {}, 'Releases'), rows(repo.releases, '', (release) => el('details', { 'data-key': `release ${release.id}` }, el('summary', {}, el('strong', {}, release.name ?? release.tag_name), ' ', tag('', release.tag_name), ' ', when(release.published_at)), el('pre', {}, release.body ?? '')))] : null,
    repo.issues.length ? [el('h2', {}, 'Issues'), rows(repo.issues, '', (issue) => line(tag(issue.state), grow(`#${issue.number} ${issue.title}`), when(issue.created_at)))] : null,
    el('h2', {}, 'Webhooks'),
    rows(repo.hooks, 'None.', (hook) => line(grow(el('code', {}, hook.url)), el('span', { class: 'soft' }, hook.events.join(', ')), hook.last_response ? tag(hook.last_response.status === 'active' ? 'success' : 'failure', String(hook.last_response.code ?? hook.last_response.message)) : '')),
  ];
}

async function pullRequest(name, number) {
  const pull = await get(`/repositories/${name}/pulls/${number}`);
  return [
    el('p', {}, el('a', { href: `#/repositories/${name}` }, `← ${name}`)),
    el('h1', {}, `#${pull.number} ${pull.title}`),
    line(tag(pull.state), el('span', { class: 'soft' }, `${pull.user} wants to merge ${pull.head} into ${pull.base}`), pull.state === 'open' ? tag('', pull.mergeable_state) : '', pull.merged_by ? el('span', { class: 'soft' }, `merged by ${pull.merged_by}`) : '', when(pull.merged_at ?? pull.created_at)),
    pull.body ? el('pre', {}, pull.body) : null,
    el('h2', {}, 'Checks'),
    rows([...pull.check_runs, ...pull.statuses], 'Nothing has reported yet.', (check) => (check.context
      ? line(tag(check.state), grow(`${check.context}: ${check.description ?? ''}`), when(check.created_at))
      : el('details', { 'data-key': `check ${check.id}` }, el('summary', {}, tag(check.conclusion ?? check.status), ' ', check.name, ' ', el('span', { class: 'soft' }, check.title ?? '')), el('pre', {}, check.summary ?? '')))),
    pull.reviews.length || pull.comments.length ? el('h2', {}, 'Reviews and comments') : null,
    pull.reviews.map((review) => el('div', { class: 'card' }, line(el('strong', {}, review.user), tag(review.state === 'APPROVED' ? 'success' : review.state === 'CHANGES_REQUESTED' ? 'failure' : '', review.state.toLowerCase().replace('_', ' ')), when(review.submitted_at)), el('pre', {}, review.body))),
    pull.comments.map((comment) => el('div', { class: 'card' }, line(el('strong', {}, comment.user), when(comment.created_at)), el('pre', {}, comment.body))),
    el('h2', {}, 'Commits'), rows(pull.commits, 'None.', commitLine(name)),
    el('h2', {}, 'Files'), changedFiles(pull.files),
  ];
}

async function commit(name, sha) {
  const one = await get(`/repositories/${name}/commits/${sha}`);
  return [el('p', {}, el('a', { href: `#/repositories/${name}` }, `← ${name}`)), el('h1', {}, one.commit.message.split('\n')[0]),
    line(short(one.sha), el('span', { class: 'soft' }, one.commit.author.name), when(one.commit.author.date)), el('pre', {}, one.commit.message), changedFiles(one.files)];
}

async function files(name, reference) {
  const { files: all } = await get(`/repositories/${name}/files?ref=${encodeURIComponent(reference)}`);
  return [el('p', {}, el('a', { href: `#/repositories/${name}` }, `← ${name}`)), el('h1', {}, `Files on ${reference}`),
    rows(all, 'No files.', (file) => line(grow(el('a', { href: `#/repositories/${name}/file?ref=${encodeURIComponent(reference)}&path=${encodeURIComponent(file.path)}` }, file.path)), el('span', { class: 'soft' }, `${file.size} bytes`)))];
}

async function file(name, query) {
  const one = await get(`/repositories/${name}/file?${query}`);
  const reference = new URLSearchParams(query).get('ref');
  return [el('p', {}, el('a', { href: `#/repositories/${name}/files/${reference}` }, `← Files on ${reference}`)), el('h1', {}, one.path),
    one.binary ? empty(`${one.size} bytes that are not text.`) : el('pre', {}, one.text)];
}

async function jobLog(name, id) {
  const text = await call('GET', `/repositories/${name}/jobs/${id}/log`);
  return [el('p', {}, el('a', { href: `#/repositories/${name}` }, `← ${name}`)), el('h1', {}, 'Log'), el('pre', {}, String(text) || 'Nothing yet.')];
}

async function agentRuns() {
  const { items } = await get('/agent-runs');
  return [el('h1', {}, 'Agent runs'), el('p', { class: 'soft' }, 'The agents here are plain programs, not language models; they say so themselves.'),
    rows(items, 'No agent has been started yet.', (run) => line(tag(run.status, run.status.toLowerCase()), grow(el('a', { href: `#/agent-runs/${run.id}` }, [run.role, run.task].filter(Boolean).join(' · ') || run.name || run.id)),
      el('span', { class: 'soft' }, (run.repository ?? '').replace(/^https?:\/\/[^/]+\//, ''), run.branch ? ` @ ${run.branch}` : ''), el('span', { class: 'soft' }, `${run.usage.totalTokens ?? 0} tokens`), when(run.created_at)))];
}

async function agentRun(id) {
  const run = await get(`/agent-runs/${id}`);
  const said = (event) => event.data?.text ?? event.data?.message ?? event.data?.name ?? JSON.stringify(event.data);
  return [el('p', {}, el('a', { href: '#/agent-runs' }, '← Agent runs')), el('h1', {}, [run.role, run.task].filter(Boolean).join(' · ') || run.id),
    line(tag(run.status, run.status.toLowerCase()), el('span', { class: 'soft' }, run.repository ?? ''), run.pushed_branch ? tag('', run.pushed_branch) : '', when(run.created_at)),
    run.error ? el('pre', { class: 'failure' }, run.error) : null,
    el('h2', {}, 'Stream'), rows(run.events, 'Nothing yet.', (event) => line(tag('', event.name), grow(el('span', { class: 'mono' }, said(event))))),
    run.result ? [el('h2', {}, 'Answer'), el('pre', {}, run.result)] : null,
    el('details', { 'data-key': 'prompt' }, el('summary', {}, 'Prompt'), el('pre', {}, run.prompt))];
}

async function deliveries() {
  const { deliveries: all } = await get('/deliveries');
  return [el('h1', {}, 'Webhook deliveries'), rows(all, 'Nothing has been delivered yet.', (one) => line(
    tag(one.status_code >= 200 && one.status_code < 300 ? 'success' : 'failure', String(one.status_code || one.status)),
    grow(el('a', { href: `#/deliveries/${one.id}` }, [one.event, one.action].filter(Boolean).join('.')), ' ', el('span', { class: 'soft' }, one.repository ?? '')),
    one.redelivery ? tag('', 'again') : '', el('span', { class: 'soft' }, `${one.duration}s`), when(one.delivered_at)))];
}

async function delivery(id) {
  const one = await get(`/deliveries/${id}`);
  return [el('p', {}, el('a', { href: '#/deliveries' }, '← Deliveries')), el('h1', {}, [one.event, one.action].filter(Boolean).join('.')),
    line(el('code', {}, one.url), tag('', `${one.status_code} ${one.status}`), when(one.delivered_at),
      el('button', { onclick: doing(async () => { await call('POST', `/deliveries/${id}/redeliver`); toast('Sent again, with the same delivery id.'); }) }, 'Deliver again')),
    el('h2', {}, 'Sent'), el('pre', {}, Object.entries(one.request.headers).map(([name, value]) => `${name}: ${value}`).join('\n')), el('pre', {}, JSON.stringify(one.request.payload, null, 2)),
    el('h2', {}, 'Answered'), el('pre', {}, Object.entries(one.response.headers).map(([name, value]) => `${name}: ${value}`).join('\n') || '(nothing)'), one.response.payload ? el('pre', {}, one.response.payload) : null];
}

const kinds = {
  status: ['Answer with an error', ['github', 'telegram', 'cursor', 'smtp'], [['status', 'Status or reply code', 502]]],
  rate_limit: ['Too many requests', ['github', 'telegram', 'cursor'], [['retry_after_seconds', 'Retry after (seconds)', 5]]],
  delay: ['Answer late', ['github', 'telegram', 'cursor', 'smtp'], [['milliseconds', 'Delay (ms)', 3000]]],
  drop: ['Close the connection', ['github', 'telegram', 'cursor', 'smtp'], []],
  drop_after: ['Do it, then close the connection', ['github', 'telegram', 'cursor', 'smtp'], []],
  duplicate_webhook: ['Deliver webhooks twice', ['github'], []],
  invalid_answer: ['Agent gives an invalid answer', ['cursor'], []],
  no_branch: ['Agent pushes nothing', ['cursor'], []],
  stall: ['Agent never finishes', ['cursor'], []],
};

async function faults() {
  const all = await get('/faults');
  const option = (value, text) => el('option', { value }, text);
  const kind = el('select', { name: 'kind', 'data-keep': 'fault kind' }, Object.entries(kinds).map(([value, [text]]) => option(value, text)));
  const rest = el('span', { class: 'line' });
  const fill = () => {
    const [, surfaces, numbers] = kinds[kind.value];
    rest.replaceChildren(
      el('label', {}, 'Where', el('select', { name: 'surface' }, surfaces.map((value) => option(value, value)))),
      ...numbers.map(([name, text, value]) => el('label', {}, text, el('input', { name, type: 'number', value, min: 0, required: true }))));
  };
  kind.addEventListener('change', fill);
  queueMicrotask(fill);
  const add = doing(async (event) => {
    const data = new FormData(event.target);
    const body = { kind: data.get('kind'), surface: data.get('surface'), route: data.get('route') || null, times: data.get('times') ? Number(data.get('times')) : null };
    for (const [name] of kinds[body.kind][2]) body[name] = Number(data.get(name));
    await call('POST', '/faults', body);
  });
  return [
    el('h1', {}, 'Fault switches'),
    el('form', { class: 'card inline', onsubmit: add }, el('label', {}, 'What', kind), rest,
      el('label', {}, 'Only for (e.g. PUT /repos/*/merge)', el('input', { name: 'route', placeholder: 'everything', 'data-keep': 'fault route' })),
      el('label', {}, 'How often', el('input', { name: 'times', type: 'number', min: 1, value: 1, placeholder: 'until cleared' })),
      el('button', { class: 'main' }, 'Switch on')),
    rows(all, 'Everything works as it should.', (fault) => line(
      tag(fault.times !== null && fault.struck >= fault.times ? '' : 'pending', fault.times !== null && fault.struck >= fault.times ? 'spent' : 'on'),
      grow(`${kinds[fault.kind]?.[0] ?? fault.kind} (${fault.surface}${fault.route ? `, ${fault.route}` : ''})`), el('span', { class: 'soft' }, `struck ${fault.struck}${fault.times === null ? '' : ` of ${fault.times}`} times`),
      el('button', { onclick: doing(() => call('DELETE', `/faults/${fault.id}`)) }, 'Clear'))),
    el('p', { class: 'line' }, el('button', { onclick: doing(() => call('DELETE', '/faults')) }, 'Clear all switches'),
      el('button', { class: 'danger', onclick: doing(async () => {
        if (!confirm('Forget all repositories, messages, mails and agent runs of the sandbox?')) return;
        await call('POST', '/reset'); toast('The sandbox is empty.');
      }) }, 'Reset the sandbox')),
  ];
}

// --- routing and drawing -------------------------------------------------------------------------------------------

const parts = [['', 'Start'], ['phone', 'Phone'], ['mails', 'Mails'], ['repositories', 'Repositories'], ['agent-runs', 'Agent runs'], ['deliveries', 'Webhooks'], ['faults', 'Faults']];
const relevant = { phone: ['telegram'], mails: ['mail'], repositories: ['repositories'], 'agent-runs': ['agent_runs'], deliveries: ['deliveries'], faults: ['faults'], '': [] };

function view(path, query) {
  const [part, ...rest] = path;
  if (part === 'phone') return phone();
  if (part === 'mails') return rest.length ? mail(rest[0]) : mails();
  if (part === 'agent-runs') return rest.length ? agentRun(rest[0]) : agentRuns();
  if (part === 'deliveries') return rest.length ? delivery(rest[0]) : deliveries();
  if (part === 'faults') return faults();
  if (part === 'repositories' && rest.length >= 2) {
    const [owner, repo, what, ...more] = rest;
    const name = `${owner}/${repo}`;
    if (what === 'pulls') return pullRequest(name, more[0]);
    if (what === 'commits') return commit(name, more[0]);
    if (what === 'files') return files(name, more.join('/'));
    if (what === 'file') return file(name, query);
    if (what === 'jobs') return jobLog(name, more[0]);
    return repository(name);
  }
  if (part === 'repositories') return repositories();
  return home();
}

function route() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query };
}

let drawing = 0;
/** Draw the present view. What a person has typed, opened or scrolled to stays. */
async function draw(moved = false) {
  const turn = ++drawing;
  const { path, query } = route();
  document.getElementById('nav').replaceChildren(...parts.map(([part, text]) => el('a', { href: `#/${part}`, 'aria-current': (path[0] ?? '') === part ? 'page' : null }, text)));
  const patience = moved && setTimeout(() => { if (turn === drawing) main.replaceChildren(el('p', { class: 'soft' }, 'Loading …')); }, 300);
  let content;
  try { content = await view(path, query); } catch (error) { content = [el('h1', {}, 'That did not work'), el('p', {}, error.message)]; }
  clearTimeout(patience);
  if (turn !== drawing) return;
  const typed = new Map([...main.querySelectorAll('[data-keep]')].map((node) => [node.dataset.keep, node.value]));
  const opened = new Map([...main.querySelectorAll('details[data-key]')].map((node) => [node.dataset.key, node.open]));
  const ends = new Map([...main.querySelectorAll('[data-end]')].map((node) => [node.dataset.end, node.scrollHeight - node.scrollTop - node.clientHeight < 40 ? null : node.scrollTop]));
  const focused = main.contains(document.activeElement) ? document.activeElement.dataset?.keep : undefined;
  main.replaceChildren(...[content].flat(4).filter(Boolean));
  if (moved) { main.focus({ preventScroll: true }); scrollTo(0, 0); }
  for (const node of main.querySelectorAll('[data-keep]')) if (!moved && typed.has(node.dataset.keep)) { node.value = typed.get(node.dataset.keep); if (node.dataset.keep === focused) node.focus(); }
  for (const node of main.querySelectorAll('details[data-key]')) if (!moved && opened.has(node.dataset.key)) node.open = opened.get(node.dataset.key);
  for (const node of main.querySelectorAll('[data-end]')) { const at = ends.get(node.dataset.end); node.scrollTop = at ?? node.scrollHeight; }
}

let soon;
function changed(what) {
  const part = route().path[0] ?? '';
  if (!(relevant[part] ?? []).includes(what)) return;
  clearTimeout(soon);
  soon = setTimeout(() => draw(), 150);
}

function listen() {
  const source = new EventSource(`${api}/events`);
  const live = document.getElementById('live');
  let again = false;
  // After a gap something may have been missed.
  source.onopen = () => { live.classList.add('on'); if (again) draw(); again = true; };
  source.onerror = () => live.classList.remove('on');
  source.onmessage = (event) => changed(event.data);
}

addEventListener('hashchange', () => draw(true));
draw(true);
listen();
