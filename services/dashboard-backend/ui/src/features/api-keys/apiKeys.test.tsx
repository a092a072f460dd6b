import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld, world } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { user as person } from '../../test/world';

describe('API keys', () => {
  it('creates a key, shows it once, and lists it afterwards', async () => {
    const { user } = renderApp('/profile/api-keys');
    await user.click(await screen.findByRole('button', { name: 'Create a key' }));
    const form = await screen.findByRole('dialog', { name: 'Create an API key' });
    await user.type(within(form).getByLabelText(/What it is for/), 'weekly report');
    await user.click(within(form).getByRole('checkbox', { name: 'Write decisions' }));
    expect(within(form).getByRole('checkbox', { name: 'Read decisions' })).toBeChecked();
    await user.click(within(form).getByRole('button', { name: 'Create key' }));

    const shown = await screen.findByRole('dialog', { name: 'Copy “weekly report” now' });
    const key = within(shown).getByLabelText('The new key').textContent;
    expect(key).toMatch(/^qp_[a-z]{8}_.{43}$/);
    expect(world.apiKeys[0]).toMatchObject({ name: 'weekly report', scopes: ['projects:read', 'decisions:write'] });
    await user.keyboard('{Escape}');
    expect(within(shown).getByLabelText('The new key')).toBeInTheDocument();
    await user.click(within(shown).getByRole('button', { name: 'I have copied it' }));
    expect(await screen.findByText('Projects: read · Decisions: read and write')).toBeInTheDocument();
    expect(screen.queryByText(key)).not.toBeInTheDocument();
  });

  it('offers no scope that the role does not allow, and says what the API refuses', async () => {
    resetWorld({ user: person({ role: 'viewer' }) });
    const { user } = renderApp('/profile/api-keys?whose=all');
    await user.click(await screen.findByRole('button', { name: 'Create a key' }));
    expect(screen.queryByRole('button', { name: 'Everybody’s' })).not.toBeInTheDocument();
    const form = await screen.findByRole('dialog');
    expect(within(form).getByRole('checkbox', { name: 'Write projects' })).toBeDisabled();
    expect(within(form).getByRole('checkbox', { name: 'Write notifications' })).toBeEnabled();
    expect(within(form).queryByRole('checkbox', { name: 'Read accounts' })).not.toBeInTheDocument();
    await user.type(within(form).getByLabelText(/What it is for/), 'x');
    await user.click(within(form).getByRole('checkbox', { name: 'Read projects' }));
    await user.click(within(form).getByRole('button', { name: 'Create key' }));
    expect(await within(form).findByText('name at least one')).toBeInTheDocument();
    await user.click(within(form).getByRole('radio', { name: /Everything you may do/ }));
    await user.click(within(form).getByRole('button', { name: 'Create key' }));
    expect(await screen.findByLabelText('The new key')).toBeInTheDocument();
  });

  it('revokes a key after asking', async () => {
    const { user } = renderApp('/profile/api-keys');
    await user.click(await screen.findByRole('button', { name: 'Revoke nightly build' }));
    const dialog = await screen.findByRole('dialog', { name: 'Revoke nightly build?' });
    await user.click(within(dialog).getByRole('button', { name: 'Revoke nightly build' }));
    expect(await screen.findByText('“nightly build” is revoked.')).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Revoke nightly build' })).not.toBeInTheDocument();
  });

  it('shows an admin everybody’s keys, and is reached from the profile', async () => {
    const { user, location } = renderApp('/profile');
    await user.click(await screen.findByRole('link', { name: 'Manage API keys' }));
    await screen.findByText('nightly build');
    expect(screen.queryByText('Grace’s dashboard')).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Everybody’s' }));
    expect(await screen.findByText('Grace’s dashboard')).toBeInTheDocument();
    expect(screen.getByText('Everything Grace Hopper may do')).toBeInTheDocument();
    expect(location()).toBe('/profile/api-keys?whose=all');
  });

  it('says what a key is for when there is none', async () => {
    resetWorld({ apiKeys: [] });
    renderApp('/profile/api-keys');
    expect(await screen.findByText('No keys yet')).toBeInTheDocument();
  });
});
