import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld, world } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { decision, ids, user as person } from '../../test/world';

const page = `/decisions/${ids.mergeDecision}`;

function answered() {
  return world.decisions.find((item) => item.decision.id === ids.mergeDecision)?.decision;
}

describe('the decision page', () => {
  it('shows the evidence and what each answer brings about', async () => {
    renderApp(page);
    const answer = await screen.findByRole('region', { name: 'Your answer' });
    expect(answer).toHaveTextContent('The pull request is merged exactly as shown');
    expect(answer).toHaveTextContent('May answer: Ada Lovelace, Grace Hopper');
    expect(screen.getByRole('region', { name: 'Findings' })).toHaveTextContent('tally/reader.py:31');
    expect(screen.getByRole('region', { name: 'Checks' })).toHaveTextContent('23 passed, 0 failed');
    expect(screen.getByRole('region', { name: 'Files changed' })).toHaveTextContent('tests/test_reader.py');
    expect(screen.getByRole('link', { name: /Pull request #2/ })).toHaveAttribute('href', 'https://github.test/ada/tally/pull/2');
  });

  it('approves with the hash that was shown', async () => {
    const { user } = renderApp(page);
    await user.click((await screen.findAllByRole('button', { name: /^Approve/ }))[0] ?? document.body);
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent('Your answer is bound to commit a94a8fe5');
    await user.click(within(dialog).getByRole('button', { name: 'Approve' }));
    expect(await screen.findByText('Ada Lovelace decided this.')).toBeInTheDocument();
    expect(answered()).toMatchObject({ status: 'answered', choice: 'approve' });
  });

  it('rejects only with a reason', async () => {
    const { user } = renderApp(page);
    await screen.findByRole('region', { name: 'Your answer' });
    await user.keyboard('r');
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: 'Reject' }));
    expect(dialog).toHaveTextContent('Say it in a sentence');
    expect(answered()?.status).toBe('pending');
    await user.type(within(dialog).getByRole('textbox'), 'The sums are wrong');
    await user.click(within(dialog).getByRole('button', { name: 'Reject' }));
    await waitFor(() => expect(answered()).toMatchObject({ choice: 'reject', comment: 'The sums are wrong' }));
  });

  it('tells the slower of two who was faster', async () => {
    const { user } = renderApp(page);
    await screen.findByRole('region', { name: 'Your answer' });
    const theirs = answered();
    if (!theirs) throw new Error('the decision is there');
    Object.assign(theirs, { status: 'answered', choice: 'change', decided_by: { id: null, name: 'Grace Hopper' }, decided_at: new Date().toISOString(), channel: 'telegram' });
    await user.keyboard('a');
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Approve' }));
    expect(await screen.findByText(/Somebody answered before you/)).toBeInTheDocument();
    expect(await screen.findByText('Grace Hopper decided this.')).toBeInTheDocument();
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it('keeps the dialog open when the evidence has changed', async () => {
    const { user } = renderApp(page);
    await screen.findByRole('region', { name: 'Your answer' });
    Object.assign(answered()?.artifact ?? {}, { sha: 'another' });
    await user.keyboard('a');
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Approve' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('What is to be approved has changed');
  });

  it('lets a viewer look, not answer', async () => {
    resetWorld({ user: person({ role: 'viewer' }) });
    const { user } = renderApp(page);
    expect(await screen.findByText(/Your role may look/)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: /^Approve/ })).not.toBeInTheDocument();
    await user.keyboard('a');
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it('shows the whole plan that an approval is for', async () => {
    renderApp(`/decisions/${ids.planDecision}`);
    expect(await screen.findByRole('heading', { name: 'm2 Filters and output' })).toBeInTheDocument();
    expect(screen.getByText('Parse rows, skip blank lines')).toBeInTheDocument();
  });

  it('offers the answers of other kinds of question', async () => {
    resetWorld({ decisions: [decision({ type: 'stuck', options: ['retry', 'stop'] })] });
    renderApp(page);
    expect((await screen.findAllByRole('button', { name: 'Try again' })).length).toBeGreaterThan(0);
    expect(screen.queryByRole('button', { name: /^Approve/ })).not.toBeInTheDocument();
  });
});

describe('the inbox', () => {
  it('keeps its view in the address', async () => {
    const { user, location } = renderApp('/decisions');
    expect(await screen.findByRole('link', { name: 'Merge “Read and sum” into main' })).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Answered' }));
    expect(await screen.findByRole('link', { name: 'Plan for tally' })).toBeInTheDocument();
    expect(location()).toBe('/decisions?view=done');
  });

  it('says what will appear when nothing waits', async () => {
    resetWorld({ decisions: [] });
    renderApp('/decisions');
    expect(await screen.findByText('Nothing waits for an answer')).toBeInTheDocument();
  });
});
