/** How each answer to a decision reads, and what it asks of the one who gives it. */

export interface Choice {
  choice: string;
  /** On the button. */
  label: string;
  /** In the heading of the dialog. */
  heading: string;
  color: 'success' | 'error' | 'primary' | 'inherit';
  /** Label of the text field; null when no text is needed. */
  reason: string | null;
  required: boolean;
  /** Single-key shortcut. */
  key: string | null;
}

const CHOICES: readonly Choice[] = [
  { choice: 'approve', label: 'Approve', heading: 'Approve', color: 'success', reason: 'Comment (optional)', required: false, key: 'a' },
  { choice: 'change', label: 'Change…', heading: 'Ask for a change', color: 'primary', reason: 'What should change?', required: true, key: 'm' },
  { choice: 'reject', label: 'Reject…', heading: 'Reject', color: 'error', reason: 'Why?', required: true, key: 'r' },
  { choice: 'retry', label: 'Try again', heading: 'Try again', color: 'primary', reason: 'Comment (optional)', required: false, key: null },
  { choice: 'skip', label: 'Skip', heading: 'Skip this part', color: 'inherit', reason: 'Comment (optional)', required: false, key: null },
  { choice: 'stop', label: 'Stop the project…', heading: 'Stop the project', color: 'error', reason: 'Comment (optional)', required: false, key: null },
];

/** Where a decision is about money, the same answers are about its limit. */
const ABOUT_MONEY: Readonly<Record<string, Partial<Choice>>> = {
  approve: { label: 'Raise the limit', heading: 'Raise the limit' },
  change: { label: 'Another limit…', heading: 'Set another limit', reason: 'New limit: 25 for $25, or 2000000 tokens' },
  // Three buttons stand side by side on a phone.
  stop: { label: 'Stop…' },
};

/** The answers that a decision offers, best known first; ones we do not know stay possible. */
export function choicesOf(options: readonly string[], type?: string): Choice[] {
  const known = CHOICES.filter(({ choice }) => options.includes(choice)).map((choice) => (type === 'budget' ? { ...choice, ...ABOUT_MONEY[choice.choice] } : choice));
  const unknown = options
    .filter((option) => CHOICES.every(({ choice }) => choice !== option))
    .map((option): Choice => ({ choice: option, label: option, heading: option, color: 'inherit', reason: 'Comment (optional)', required: false, key: null }));
  return [...known, ...unknown];
}
