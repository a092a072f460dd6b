import { describe, expect, it } from 'vitest';

import { areasFor, scopesInWords } from './scopes';

describe('scopes', () => {
  it('read as a sentence, writing including reading', () => {
    expect(scopesInWords(['projects:write', 'projects:read', 'decisions:read'])).toBe('Projects: read and write · Decisions: read');
    expect(scopesInWords(['projects:read', '*'])).toBe('Everything you may do');
    expect(scopesInWords(['*'], 'Grace')).toBe('Everything Grace may do');
  });

  it('leave out what a role has nothing of', () => {
    expect(areasFor('operator').map(({ label }) => label)).not.toContain('Accounts');
    expect(areasFor('admin').map(({ label }) => label)).toContain('Accounts');
  });
});
