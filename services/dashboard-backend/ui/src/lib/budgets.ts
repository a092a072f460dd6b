import { formatCost, formatNumber } from './format';
import { list, number, record, string } from './json';

/** What budgets are called, and how far they are used. */

export const PERIODS = ['run', 'stage', 'project', 'day', 'month'] as const;

export type Period = (typeof PERIODS)[number];

interface Amount {
  tokens: number;
  cost_cents: number;
}

/** As the API says it. */
export interface BudgetLike {
  period: Period;
  shared: boolean;
  limit_cents?: number | null;
  limit_tokens?: number | null;
  warn_percent: number;
  spent?: Amount | null;
  reserved?: Amount | null;
}

const OWN: Readonly<Record<Period, string>> = {
  run: 'One run of an agent',
  stage: 'One attempt at a stage',
  project: 'A project’s whole life',
  day: 'A project’s day',
  month: 'A project’s month',
};

export function budgetName({ period, shared }: Pick<BudgetLike, 'period' | 'shared'>): string {
  if (!shared) return OWN[period];
  return period === 'day' ? 'A day of all projects' : 'A month of all projects';
}

/** The days and months of the installation are shared; the rest are defaults for each project. */
export function isShared(period: Period): boolean {
  return period === 'day' || period === 'month';
}

/** A budget in one unit. */
export interface Part {
  unit: 'cents' | 'tokens';
  limit: number;
  spent: number;
  reserved: number;
  /** 1: all of it. */
  ratio: number;
}

export function partsOf({ limit_cents, limit_tokens, spent, reserved }: BudgetLike): Part[] {
  const part = (unit: Part['unit'], limit: number | null | undefined, used: number, open: number): Part[] =>
    limit ? [{ unit, limit, spent: used, reserved: open, ratio: (used + open) / limit }] : [];
  return [
    ...part('cents', limit_cents, spent?.cost_cents ?? 0, reserved?.cost_cents ?? 0),
    ...part('tokens', limit_tokens, spent?.tokens ?? 0, reserved?.tokens ?? 0),
  ];
}

export function formatAmount(unit: Part['unit'], value: number): string {
  return unit === 'cents' ? formatCost(value) : `${formatNumber(Math.round(value))} tokens`;
}

/** "$5.00 and 1,000,000 tokens". */
export function limitInWords(budget: BudgetLike): string {
  return partsOf(budget)
    .map(({ unit, limit }) => formatAmount(unit, limit))
    .join(' and ');
}

/** How far a budget is used, in the unit that is nearer to its limit. */
export function ratioOf(budget: BudgetLike): number {
  return Math.max(0, ...partsOf(budget).map(({ ratio }) => ratio));
}

/** The budgets nearest to their limits, the nearest first. A run's own is never used before it starts. */
export function nearest<B extends BudgetLike>(budgets: readonly B[], count: number): B[] {
  return budgets
    .filter(({ period }) => period !== 'run')
    .toSorted((one, other) => ratioOf(other) - ratioOf(one))
    .slice(0, count);
}

/** Dollars as people write them, in cents; null for nothing, undefined for what is no amount. */
export function readDollars(text: string): number | null | undefined {
  const plain = text.replaceAll(/[\s,$]/g, '');
  if (plain === '') return null;
  return /^\d+(\.\d{0,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : undefined;
}

export function readTokens(text: string): number | null | undefined {
  const plain = text.replaceAll(/[\s,]/g, '');
  if (plain === '') return null;
  return /^\d+$/.test(plain) ? Number(plain) : undefined;
}

/** A limit that a piece of work does not fit, as the question about it says. */
export interface Shortfall {
  name: string;
  limit: string;
  spent: string;
  reserved: string;
  needed: string;
  raisedTo: string;
}

export function readShortfalls(context: unknown): Shortfall[] {
  return list(record(context)['limits']).flatMap((item) => {
    const short = record(item);
    const period = PERIODS.find((name) => name === string(short['period']));
    const unit = string(short['unit']) === 'tokens' ? 'tokens' : 'cents';
    if (!period) return [];
    const say = (field: string) => formatAmount(unit, number(short[field]) ?? 0);
    return [
      {
        name: budgetName({ period, shared: short['shared'] === true }),
        limit: say('limit'),
        spent: say('spent'),
        reserved: say('reserved'),
        needed: say('needed'),
        raisedTo: say('raised_to'),
      },
    ];
  });
}
