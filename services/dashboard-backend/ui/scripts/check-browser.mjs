// Every route, light and dark, wide and phone, in a real Chromium against the production build and the mock
// API: no axe finding of WCAG 2.1 A/AA, no page error, no sideways scrolling, no CSP violation, and the word
// that the sandbox plays the integrations. Then a decision is answered with the keyboard alone. Screenshots
// land in a temporary directory, or in $SHOTS; arguments narrow the check to the routes of that name.
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';
import { createServer as createVite } from 'vite';

import { mockApiMiddleware } from './mock-api.mjs';

const ui = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(ui, 'dist');
const shots = process.env.SHOTS ?? mkdtempSync(join(tmpdir(), 'quantapilot-dashboard-'));
const axe = readFileSync(join(ui, 'node_modules/axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
// What the gateway sends.
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

if (!existsSync(join(dist, 'index.html'))) throw new Error('dist/ is missing: run `npm run build` first');
mkdirSync(shots, { recursive: true });

const vite = await createVite({ root: ui, configFile: false, server: { middlewareMode: true, hmr: false, ws: false }, appType: 'custom', logLevel: 'error' });
const mock = await vite.ssrLoadModule('/src/test/handlers.ts');
const { heldByBudget, ids } = await vite.ssrLoadModule('/src/test/world.ts');
const api = mockApiMiddleware(async () => mock);

const server = createServer((request, response) => {
  api(request, response, () => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const file = join(dist, path);
    const found = file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, 'index.html');
    response.writeHead(200, { 'content-type': TYPES[extname(found)] ?? 'application/octet-stream', 'content-security-policy': CSP });
    createReadStream(found).pipe(response);
  });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${server.address().port}`;

const project = `/projects/${ids.tally}`;
const ROUTES = [
  ['setup', '/setup?token=one-time', { user: null, setupNeeded: true }],
  ['sign-in', '/sign-in?next=%2Fdecisions', { user: null }],
  ['home', '/'],
  ['home-new', '/', { projects: [], decisions: [] }],
  ['projects', '/projects'],
  ['projects-none', '/projects?q=nothing-like-it'],
  ['project', project],
  ['project-plan', `${project}/plan`],
  ['project-runs', `${project}/runs`],
  ['project-run', `${project}/runs/${ids.run}`],
  ['project-changes', `${project}/changes`],
  ['project-cost', `${project}/cost`],
  ['project-decisions', `${project}/decisions`],
  ['project-timeline', `${project}/timeline`],
  ['project-messages', `${project}/notifications`],
  ['project-missing', '/projects/0199aaaa-0000-7000-8000-00000000ffff'],
  ['decisions', '/decisions'],
  ['decision-merge', `/decisions/${ids.mergeDecision}`],
  ['decision-plan', `/decisions/${ids.planDecision}`],
  ['decision-done', `/decisions/${ids.doneDecision}`],
  ['project-held', project, heldByBudget()],
  ['decision-budget', `/decisions/${ids.budgetDecision}`, heldByBudget()],
  ['budgets', '/budgets'],
  ['budgets-none', '/budgets', { budgets: [] }],
  ['deliveries', '/deliveries'],
  ['users', '/admin/users'],
  ['system', '/system'],
  ['profile', '/profile'],
  ['api-keys', '/profile/api-keys'],
  ['api-keys-all', '/profile/api-keys?whose=all'],
  ['api-keys-none', '/profile/api-keys', { apiKeys: [] }],
  ['not-found', '/nowhere'],
];

const only = process.argv.slice(2);
const chosen = only.length > 0 ? ROUTES.filter(([name]) => only.includes(name)) : ROUTES;
const problems = [];
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

async function openPage(scheme, width) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 860 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    hasTouch: width < 600,
    isMobile: width < 600,
    // The check itself is injected; the CSP is still reported on what the app does.
    bypassCSP: false,
  });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    // A refused request is an answer that pages are made for.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(`console: ${message.text()}`);
  });
  return { context, page, errors };
}

async function settle(page) {
  await page.locator('h1').first().waitFor({ timeout: 10_000 });
  await page.waitForFunction(() => !document.querySelector('[aria-label="Loading"], .MuiSkeleton-root, [role="progressbar"]'), undefined, { timeout: 10_000 });
  await page.evaluate(() => document.fonts.ready);
}

async function audit(page) {
  // Through the debugger, which the page's CSP does not bind.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] }),
  );
  return violations.map(
    ({ id, impact, help, nodes }) => `axe ${impact} ${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`,
  );
}

for (const scheme of ['light', 'dark']) {
  for (const width of [1280, 390]) {
    for (const [name, path, change] of chosen) {
      const label = `${name} ${scheme} ${width}`;
      mock.resetWorld(change);
      const { context, page, errors } = await openPage(scheme, width);
      const found = [];
      try {
        await page.goto(origin + path);
        await settle(page);
        await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`), fullPage: true });
        found.push(...(await audit(page)));
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (sideways > 0) found.push(`scrolls sideways by ${sideways} px`);
        if ((await page.locator('h1').count()) !== 1) found.push('needs exactly one h1');
        if (!(await page.getByRole('note', { name: 'Sandbox' }).isVisible())) found.push('does not say that the sandbox plays the integrations');
      } catch (error) {
        await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}-failed.png`) }).catch(() => {});
        found.push(error.message.split('\n')[0]);
      }
      found.push(...errors);
      problems.push(...found.map((text) => `${label}: ${text}`));
      await context.close();
    }
    console.error(`${scheme} ${width}: ${chosen.length} routes looked at`);
  }
}

// Sign in, open the oldest decision and approve it, without a mouse.
{
  mock.resetWorld({ user: null });
  const { context, page, errors } = await openPage('light', 1280);
  try {
    await page.goto(`${origin}/decisions/${ids.mergeDecision}`);
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password', { exact: false }).first().fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /Merge/ }).waitFor();
    await page.keyboard.press('a');
    await page.getByRole('dialog').waitFor();
    await page.screenshot({ path: join(shots, 'approve-dialog.png') });
    problems.push(...(await audit(page)).map((text) => `approve dialog: ${text}`));
    await page.keyboard.press('Enter');
    await page.getByText('Ada Lovelace decided this.').waitFor({ timeout: 5000 });
    await page.screenshot({ path: join(shots, 'approved.png') });
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Go to' }).waitFor();
    await page.screenshot({ path: join(shots, 'palette.png') });
    problems.push(...(await audit(page)).map((text) => `palette: ${text}`));
  } catch (error) {
    await page.screenshot({ path: join(shots, 'keyboard-failed.png') }).catch(() => {});
    problems.push(`keyboard path: ${error.message.split('\n')[0]}`);
  }
  problems.push(...errors.map((text) => `keyboard path: ${text}`));
  await context.close();
}

// Create an API key on a phone, in the dark: the form, and the only time that the key is shown.
if (chosen.some(([name]) => name === 'api-keys')) {
  mock.resetWorld();
  const { context, page, errors } = await openPage('dark', 390);
  try {
    await page.goto(`${origin}/profile/api-keys`);
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel('What it is for').fill('weekly report');
    await page.getByRole('checkbox', { name: 'Write decisions' }).check();
    await page.screenshot({ path: join(shots, 'create-key-dialog.png') });
    problems.push(...(await audit(page)).map((text) => `create key dialog: ${text}`));
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByLabel('The new key').waitFor({ timeout: 5000 });
    await page.screenshot({ path: join(shots, 'new-key-dialog.png') });
    problems.push(...(await audit(page)).map((text) => `new key dialog: ${text}`));
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByText('weekly report').waitFor({ timeout: 5000 });
  } catch (error) {
    await page.screenshot({ path: join(shots, 'create-key-failed.png') }).catch(() => {});
    problems.push(`create key: ${error.message.split('\n')[0]}`);
  }
  problems.push(...errors.map((text) => `create key: ${text}`));
  await context.close();
}

// Set a limit on a phone, in the dark: the form, what it refuses, and the limit afterwards.
if (chosen.some(([name]) => name === 'budgets')) {
  mock.resetWorld();
  const { context, page, errors } = await openPage('dark', 390);
  try {
    await page.goto(`${origin}/budgets`);
    await page.getByRole('button', { name: 'Set A month of all projects' }).click();
    await page.getByLabel('US dollars').fill('much');
    await page.getByRole('button', { name: 'Set the limit' }).click();
    await page.getByText('Write an amount').waitFor({ timeout: 5000 });
    await page.screenshot({ path: join(shots, 'budget-dialog.png') });
    problems.push(...(await audit(page)).map((text) => `budget dialog: ${text}`));
    await page.getByLabel('US dollars').fill('250');
    await page.getByRole('button', { name: 'Set the limit' }).click();
    await page.getByText('$250.00').first().waitFor({ timeout: 5000 });
  } catch (error) {
    await page.screenshot({ path: join(shots, 'budget-failed.png') }).catch(() => {});
    problems.push(`set a limit: ${error.message.split('\n')[0]}`);
  }
  problems.push(...errors.map((text) => `set a limit: ${text}`));
  await context.close();
}

await browser.close();
await vite.close();
server.closeAllConnections();
server.close();

console.log(`screenshots: ${shots}`);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`${problems.length} problems`);
  process.exit(1);
}
console.log(`${chosen.length} routes, 2 themes, 2 widths: no finding, no error`);
