import { describe, expect, it } from 'vitest';

import { choicesOf } from './choices';
import { readEvidence } from './evidence';
import { readPlan } from './plan';

describe('readEvidence', () => {
  it('finds what has a place of its own, and hides nothing', () => {
    const evidence = readEvidence({
      milestone: 'm1',
      checks: { checks: [{ name: 'tests', conclusion: 'failure', details_url: 'javascript:alert(1)' }] },
      qa: { verdict: 'fail', summary: 'No', findings: [{ id: 'F1', severity: 'major', title: 'Broken' }] },
      gates: { testing: 'fix' },
      something_new: { a: 1 },
    });
    expect(evidence.facts).toEqual([{ name: 'milestone', value: 'm1' }]);
    expect(evidence.checks).toEqual([{ name: 'tests', conclusion: 'failure', summary: null, url: null }]);
    expect(evidence.verdicts.map(({ who, verdict }) => [who, verdict])).toEqual([['QA', 'fail'], ['Gate: testing', 'fix']]);
    expect(evidence.findings).toHaveLength(1);
    expect(evidence.rest).toEqual({ something_new: { a: 1 } });
  });

  it('takes anything without throwing', () => {
    for (const context of [null, 7, 'text', [], { checks: 'x', qa: [], files: { a: 1 }, findings: [null, 3] }]) {
      expect(() => readEvidence(context)).not.toThrow();
    }
  });
});

describe('readPlan', () => {
  it('needs a summary and milestones, and forgives the rest', () => {
    expect(readPlan({ summary: 'x' })).toBeNull();
    expect(readPlan({ summary: 'x', milestones: [{ key: 'm1', tasks: [{}] }] })).toMatchObject({
      milestones: [{ key: 'm1', title: 'Untitled', tasks: [{ id: '?', title: 'Untitled' }] }],
      costUsd: null,
    });
  });
});

describe('choicesOf', () => {
  it('keeps answers that it does not know', () => {
    expect(choicesOf(['later', 'approve']).map(({ choice }) => choice)).toEqual(['approve', 'later']);
  });
});
