import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld, world } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { user as person } from '../../test/world';

describe('users & access', () => {
  it('adds a user, with a refusal shown in the form', async () => {
    const { user } = renderApp('/admin/users');
    await user.click(await screen.findByRole('button', { name: 'Add a user' }));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByLabelText(/Name/), 'Alan Turing');
    await user.type(within(dialog).getByLabelText(/E-mail/), 'grace@example.org');
    await user.type(within(dialog).getByLabelText(/First password/), 'a long enough one');
    await user.click(within(dialog).getByRole('button', { name: 'Add user' }));
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('has an account already');

    await user.clear(within(dialog).getByLabelText(/E-mail/));
    await user.type(within(dialog).getByLabelText(/E-mail/), 'alan@example.org');
    await user.click(within(dialog).getByRole('button', { name: 'Add user' }));
    expect(await screen.findByText('Alan Turing can sign in as alan@example.org.')).toBeInTheDocument();
    expect(world.users.at(-1)).toMatchObject({ email: 'alan@example.org', role: 'approver' });
  });

  it('disables somebody after asking, and nobody themselves', async () => {
    const { user } = renderApp('/admin/users');
    await user.click(await screen.findByRole('button', { name: 'Disable Grace Hopper' }));
    expect(screen.queryByRole('button', { name: 'Disable Ada Lovelace' })).not.toBeInTheDocument();
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Disable Grace Hopper' }));
    expect(await screen.findByRole('button', { name: 'Enable Grace Hopper' })).toBeInTheDocument();
  });

  it('is for admins', async () => {
    resetWorld({ user: person({ role: 'operator' }) });
    renderApp('/admin/users');
    expect(await screen.findByText(/Only admins manage accounts/)).toBeInTheDocument();
    expect(screen.queryByRole('link', { name: 'Users & access' })).not.toBeInTheDocument();
  });
});
