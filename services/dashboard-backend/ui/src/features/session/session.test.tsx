import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld, world } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { ids } from '../../test/world';

describe('signing in', () => {
  it('keeps the page that was asked for, and lands on it', async () => {
    resetWorld({ user: null });
    const { user, location } = renderApp(`/decisions/${ids.mergeDecision}`);
    await user.type(await screen.findByLabelText(/E-mail/), 'ada@example.org');
    expect(location()).toBe(`/sign-in?next=${encodeURIComponent(`/decisions/${ids.mergeDecision}`)}`);
    await user.type(screen.getByLabelText(/^Password/), 'correct horse');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('heading', { level: 1, name: /Merge “Read and sum”/ })).toBeInTheDocument();
    expect(location()).toBe(`/decisions/${ids.mergeDecision}`);
  });

  it('says what is wrong in the form', async () => {
    resetWorld({ user: null });
    const { user } = renderApp('/sign-in');
    await user.type(await screen.findByLabelText(/E-mail/), 'ada@example.org');
    await user.type(screen.getByLabelText(/^Password/), 'wrong');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('The address or the password is wrong');
  });

  it('never follows a link out of the dashboard', async () => {
    resetWorld({ user: null });
    const { user, location } = renderApp('/sign-in?next=https%3A%2F%2Fevil.test');
    await user.type(await screen.findByLabelText(/E-mail/), 'ada@example.org');
    await user.type(screen.getByLabelText(/^Password/), 'correct horse');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    await screen.findByRole('heading', { level: 1, name: 'Home' });
    expect(location()).toBe('/');
  });
});

describe('the first start', () => {
  it('makes the admin account with the token of the link, and ends signed in', async () => {
    resetWorld({ user: null, setupNeeded: true });
    const { user, location } = renderApp('/?token=one-time');
    await user.type(await screen.findByLabelText(/Your name/), 'Ada Lovelace');
    expect(location()).toBe('/setup?token=one-time');
    expect(screen.getByLabelText(/Set-up token/)).toHaveValue('one-time');
    await user.type(screen.getByLabelText(/E-mail/), 'ada@example.org');
    await user.type(screen.getByLabelText(/^Password/), 'short');
    await user.click(screen.getByRole('button', { name: 'Create admin account' }));
    expect(await screen.findByText('must have 10 characters or more')).toBeInTheDocument();

    await user.type(screen.getByLabelText(/^Password/), ' but now long enough');
    await user.click(screen.getByRole('button', { name: 'Create admin account' }));
    await screen.findByRole('heading', { level: 1, name: 'Home' });
    expect(world.user?.display_name).toBe('Ada Lovelace');
  });

  it('cannot be done twice', async () => {
    resetWorld({ user: null });
    const { location } = renderApp('/setup?token=one-time');
    await screen.findByRole('button', { name: 'Sign in' });
    expect(location()).toBe('/sign-in');
  });
});
