import { screen, within } from '@testing-library/react';
import { http } from 'msw';
import { describe, expect, it } from 'vitest';

import { problem, resetWorld, world } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { server } from '../../test/setup';
import { ids, user as person } from '../../test/world';

const page = `/projects/${ids.tally}`;

describe('the project page', () => {
  it('says how it stands and why, with every attempt at every stage', async () => {
    renderApp(page);
    expect(await screen.findByRole('heading', { level: 1, name: 'tally' })).toBeInTheDocument();
    expect(await screen.findByText('QA: blank lines count as zero.')).toBeInTheDocument();
    expect(screen.getAllByText('attempt 2').length).toBe(2);
    expect(screen.getByRole('img', { name: /Implementation m1 completed.*Review m1 waiting.*Release pending/ })).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Look and answer' })).toHaveAttribute('href', `/decisions/${ids.mergeDecision}`);
  });

  it('pauses and resumes', async () => {
    const { user } = renderApp(page);
    await user.click(await screen.findByRole('button', { name: 'Pause' }));
    expect(await screen.findByRole('button', { name: 'Resume' })).toBeInTheDocument();
    expect(screen.getByText('Paused by Ada Lovelace.')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Resume' }));
    expect(await screen.findByRole('button', { name: 'Pause' })).toBeInTheDocument();
  });

  it('stops only after the name was typed', async () => {
    const { user } = renderApp(page);
    await user.click(await screen.findByRole('button', { name: 'Stop' }));
    const dialog = await screen.findByRole('dialog');
    const stop = within(dialog).getByRole('button', { name: 'Stop tally' });
    expect(stop).toBeDisabled();
    await user.type(within(dialog).getByLabelText('Type tally to confirm'), 'tally');
    await user.click(stop);
    expect(await screen.findByText('Stopped by Ada Lovelace.')).toBeInTheDocument();
    expect(world.projects[0]?.status).toBe('cancelled');
  });

  it('offers no steering to those who may not', async () => {
    resetWorld({ user: person({ role: 'approver' }) });
    renderApp(page);
    await screen.findByRole('link', { name: 'Look and answer' });
    expect(screen.queryByRole('button', { name: 'Pause' })).not.toBeInTheDocument();
  });

  it('shows what agents wrote without running or fetching any of it', async () => {
    const { container } = renderApp(`${page}/runs/${ids.run}`);
    expect(await screen.findByText(/Blank lines are now skipped/)).toBeInTheDocument();
    expect(await screen.findByText('[picture: pixel]')).toBeInTheDocument();
    expect(container.querySelector('script, img[src^="http"]')).toBeNull();
    expect(screen.getByRole('link', { name: /the docs.*docs.python.org/ })).toHaveAttribute('rel', expect.stringContaining('noopener'));
  });

  it('shows the checks of a pull request as they ended last, red ones first', async () => {
    renderApp(`${page}/changes`);
    const checks = await screen.findByRole('list', { name: 'Checks' });
    expect(within(checks).getAllByRole('listitem')[0]).toHaveTextContent('quantapilot/gates');
  });
});

describe('a page that cannot be loaded', () => {
  it('says so with the id to hand on, and recovers by Retry', async () => {
    server.use(http.get('http://dashboard.test/api/v1/projects', () => problem(503, 'unavailable', 'The database is away'), { once: true }));
    const { user } = renderApp('/projects');
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('The database is away');
    expect(alert).toHaveTextContent('0199bbbb-test');
    await user.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(await screen.findByRole('link', { name: 'guestbook-api' })).toBeInTheDocument();
  });
});

describe('the list of projects', () => {
  it('filters by the address, and keeps the filter there', async () => {
    const { user, location } = renderApp('/projects?status=failed');
    expect(await screen.findByRole('link', { name: 'ring-buffer' })).toBeInTheDocument();
    expect(screen.queryByRole('link', { name: 'tally' })).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'All' }));
    await user.type(screen.getByRole('searchbox'), 'P-12');
    expect(await screen.findByRole('link', { name: 'tally' })).toBeInTheDocument();
    expect(location()).toBe('/projects?q=P-12');
  });
});
