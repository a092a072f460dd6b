import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld, world } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { heldByBudget, ids, user as person } from '../../test/world';

describe('budgets of the installation', () => {
  it('say what is limited and how far it is used', async () => {
    renderApp('/budgets');
    expect(await screen.findByText('$10.00 and 5,000,000 tokens')).toBeInTheDocument();
    const meter = screen.getByRole('meter', { name: 'A day of all projects, money' });
    expect(meter).toHaveAttribute('aria-valuetext', '$16.41 spent, $1.00 reserved of $20.00');
    expect(meter).toHaveAttribute('aria-valuenow', '87');
    expect(screen.getAllByText('no limit')).toHaveLength(3);
  });

  it('are set by an admin, who is told what is wrong', async () => {
    const { user } = renderApp('/budgets');
    await user.click(await screen.findByRole('button', { name: 'Set A month of all projects' }));
    const dialog = await screen.findByRole('dialog', { name: 'Limit for “A month of all projects”' });
    await user.click(within(dialog).getByRole('button', { name: 'Set the limit' }));
    expect(await within(dialog).findByText('give `limit_cents`, `limit_tokens` or both')).toBeInTheDocument();
    await user.type(within(dialog).getByLabelText('US dollars'), 'much');
    await user.click(within(dialog).getByRole('button', { name: 'Set the limit' }));
    await user.clear(within(dialog).getByLabelText('US dollars'));
    await user.type(within(dialog).getByLabelText('US dollars'), '250.50');
    await user.click(within(dialog).getByRole('button', { name: 'Set the limit' }));
    expect(await screen.findByText('$250.50')).toBeInTheDocument();
    expect(world.budgets.find(({ period }) => period === 'month')).toMatchObject({ limit_cents: 25_050, limit_tokens: null, warn_percent: 80 });
  });

  it('are removed after asking', async () => {
    const { user } = renderApp('/budgets');
    await user.click(await screen.findByRole('button', { name: 'Remove A day of all projects' }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Remove the limit' }));
    expect(await screen.findByText(/The limit is removed/)).toBeInTheDocument();
    expect(world.budgets.map(({ period }) => period)).toEqual(['project']);
  });

  it('are only read by others', async () => {
    resetWorld({ user: person({ role: 'operator' }) });
    renderApp('/budgets');
    expect(await screen.findByText('$10.00 and 5,000,000 tokens')).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: /^(Set|Change|Remove) / })).not.toBeInTheDocument();
  });
});

describe('the budget of a project', () => {
  it('stands on its page and its cost tab, and an admin gives it its own', async () => {
    const { user } = renderApp(`/projects/${ids.tally}`);
    await screen.findByText('tally', { selector: 'h1' });
    await user.click(await screen.findByText('Budget: a day of all projects', { selector: 'a' }));
    const table = await screen.findByRole('table', { name: 'Limits of the project' });
    expect(within(table).getByText('default of the installation')).toBeInTheDocument();
    await user.click(within(table).getByRole('button', { name: 'Set A project’s whole life' }));
    const dialog = await screen.findByRole('dialog');
    await user.clear(within(dialog).getByLabelText('US dollars'));
    await user.type(within(dialog).getByLabelText('US dollars'), '40');
    await user.click(within(dialog).getByRole('button', { name: 'Set the limit' }));
    expect(await screen.findByText('the project’s own')).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Remove A day of all projects' })).not.toBeInTheDocument();
  });

  it('says what holds the project and leads to the question', async () => {
    resetWorld(heldByBudget());
    const { user } = renderApp(`/projects/${ids.tally}`);
    expect(await screen.findByText('Budget hold')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Check again' })).toBeInTheDocument();
    expect(await screen.findByText('Budget: a project’s whole life', { selector: 'a' })).toBeInTheDocument();
    expect(screen.getByText(/raise the limit, set another, or stop the project/)).toBeInTheDocument();
    await user.click(screen.getByRole('link', { name: 'Look and answer' }));
    const table = await screen.findByRole('table', { name: 'Limits that the next run does not fit' });
    expect(within(table).getByText('$5.00')).toBeInTheDocument();
    const [another] = screen.getAllByRole('button', { name: /Another limit/ });
    if (!another) throw new Error('there is such a button');
    await user.click(another);
    const dialog = await screen.findByRole('dialog', { name: /Set another limit/ });
    await user.type(within(dialog).getByLabelText(/New limit/), '25');
    await user.click(within(dialog).getByRole('button', { name: 'Set another limit' }));
    expect(await screen.findByText('D-3M5B is answered.')).toBeInTheDocument();
    expect(world.decisions[0]?.decision).toMatchObject({ choice: 'change', comment: '25' });
  });
});
