import { describe, expect, it } from 'vitest';

import { type BudgetLike, budgetName, limitInWords, nearest, partsOf, readDollars, readShortfalls, readTokens } from './budgets';

const day: BudgetLike = {
  period: 'day',
  shared: true,
  limit_cents: 1000,
  limit_tokens: 1_000_000,
  warn_percent: 80,
  spent: { tokens: 900_000, cost_cents: 300 },
  reserved: { tokens: 0, cost_cents: 200 },
};

describe('budgets', () => {
  it('count what is spent and what is reserved', () => {
    expect(partsOf(day).map(({ unit, ratio }) => [unit, ratio])).toEqual([
      ['cents', 0.5],
      ['tokens', 0.9],
    ]);
    expect(partsOf({ ...day, limit_tokens: null }).length).toBe(1);
    expect(nearest([{ ...day, limit_tokens: null }, day, { ...day, period: 'run' }], 1)).toEqual([day]);
  });

  it('have names and limits in words', () => {
    expect(budgetName(day)).toBe('A day of all projects');
    expect(budgetName({ ...day, shared: false })).toBe('A project’s day');
    expect(limitInWords(day)).toBe('$10.00 and 1,000,000 tokens');
  });

  it('read what people type', () => {
    expect(['', '5', '$1,234.50', '0.5', 'five', '1.234', '-1'].map(readDollars)).toEqual([null, 500, 123_450, 50, undefined, undefined, undefined]);
    expect(['', '2 000 000', '1.5', 'x'].map(readTokens)).toEqual([null, 2_000_000, undefined, undefined]);
  });

  it('read what a question says, and nothing else', () => {
    const limits = [
      { shared: false, period: 'project', unit: 'cents', limit: 150, spent: 0, reserved: 100, needed: 200, raised_to: 300 },
      { period: 'week', unit: 'cents' },
    ];
    expect(readShortfalls({ limits })).toEqual([
      { name: 'A project’s whole life', limit: '$1.50', spent: '$0.00', reserved: '$1.00', needed: '$2.00', raisedTo: '$3.00' },
    ]);
    expect(readShortfalls({ limits: 'none' })).toEqual([]);
  });
});
