import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld } from '../../test/handlers';
import { renderApp } from '../../test/render';

describe('profile', () => {
  it('makes a code to link Telegram', async () => {
    const { user } = renderApp('/profile');
    await user.click(await screen.findByRole('button', { name: 'Link Telegram' }));
    expect(await screen.findByText('/start K7Q2-9DFA')).toBeInTheDocument();
    expect(screen.getByRole('link', { name: /Open the bot/ })).toHaveAttribute('href', 'https://t.me/quantapilot_bot?start=K7Q29DFA');
  });

  it('ends a link', async () => {
    resetWorld({ telegram: { available: true, items: [{ telegram_user_id: 7, name: 'Ada', blocked: false, linked_at: new Date().toISOString() }] } });
    const { user } = renderApp('/profile');
    await user.click(await screen.findByRole('button', { name: 'Unlink' }));
    expect(await screen.findByRole('button', { name: 'Link Telegram' })).toBeInTheDocument();
  });

  it('changes the password, and says at the field what is wrong', async () => {
    const { user } = renderApp('/profile');
    await user.type(await screen.findByLabelText(/Present password/), 'wrong');
    await user.type(screen.getByLabelText(/New password/), 'another long one');
    await user.click(screen.getByRole('button', { name: 'Change password' }));
    expect(await screen.findByText("is not the account's password")).toBeInTheDocument();
    await user.clear(screen.getByLabelText(/Present password/));
    await user.type(screen.getByLabelText(/Present password/), 'correct horse');
    await user.click(screen.getByRole('button', { name: 'Change password' }));
    expect(await screen.findByText('Your password is changed.')).toBeInTheDocument();
  });

  it('signs out everywhere after asking', async () => {
    const { user, location } = renderApp('/profile');
    await user.click(await screen.findByRole('button', { name: 'Sign out everywhere' }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Sign out everywhere' }));
    expect(await screen.findByRole('button', { name: 'Sign in' })).toBeInTheDocument();
    expect(location()).toBe('/sign-in');
  });
});
