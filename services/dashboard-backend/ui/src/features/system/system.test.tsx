import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { resetWorld } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { user as person } from '../../test/world';

describe('the health page', () => {
  it('tells administrators what is wrong and what to do, the worst first', async () => {
    renderApp('/system');
    const list = await screen.findByRole('list', { name: 'Findings, the worst first' });
    const [first] = within(list).getAllByRole('listitem');
    expect(first).toHaveTextContent('Critical');
    expect(first).toHaveTextContent('What to do: put TLS in front');
    expect(screen.getByText('1 thing is critical, 1 warning.')).toBeInTheDocument();
  });

  it('keeps that from everybody else', async () => {
    resetWorld({ user: person({ role: 'operator' }) });
    renderApp('/system');
    expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
    expect(screen.queryByRole('heading', { name: 'Checks' })).not.toBeInTheDocument();
  });
});
