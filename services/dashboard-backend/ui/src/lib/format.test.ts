import { describe, expect, it } from 'vitest';

import { formatCost, formatDuration, formatRelative, formatTokens, humanise, shortSha } from './format';
import { safeNext } from './paths';

const now = Date.parse('2026-03-01T12:00:00Z');

describe('format', () => {
  it('says how long ago, and the date when that is long', () => {
    expect(formatRelative('2026-03-01T11:59:55Z', now)).toBe('just now');
    expect(formatRelative('2026-03-01T11:57:00Z', now)).toBe('3 min. ago');
    expect(formatRelative('2026-03-01T14:00:00Z', now)).toBe('in 2 hr.');
    expect(formatRelative('2026-01-01T12:00:00Z', now)).toBe('1 Jan 2026');
  });

  it('keeps durations to two units', () => {
    expect(formatDuration(8_400)).toBe('8 s');
    expect(formatDuration(252_000)).toBe('4 min 12 s');
    expect(formatDuration(7_500_000)).toBe('2 h 05 min');
    expect(formatDuration(90_000_000)).toBe('1 d 1 h');
  });

  it('never shows an unknown cost as nothing', () => {
    expect(formatCost(null)).toBe('not reported');
    expect(formatCost(0)).toBe('$0.00');
    expect(formatCost(0.4)).toBe('< $0.01');
    expect(formatCost(1234)).toBe('$12.34');
  });

  it('shortens tokens, hashes and kinds', () => {
    expect(formatTokens(9_999)).toBe('9,999');
    expect(formatTokens(1_250_000)).toBe('1.3M');
    expect(shortSha('sha256:0123456789abcdef')).toBe('01234567');
    expect(humanise('pull_request.opened')).toBe('Pull request opened');
  });
});

describe('safeNext', () => {
  it('returns only to pages of this site', () => {
    expect(safeNext('/decisions/1?tab=a')).toBe('/decisions/1?tab=a');
    for (const foreign of [null, '', 'https://evil.test', '//evil.test', '/\\evil.test']) {
      expect(safeNext(foreign)).toBe('/');
    }
  });
});
