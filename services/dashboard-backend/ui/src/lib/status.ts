/** The words for every state, with the tone that goes with them. Colour never speaks alone. */

export type Tone = 'neutral' | 'running' | 'waiting' | 'success' | 'danger';

export interface StatusWord {
  label: string;
  tone: Tone;
}

const WORDS: Readonly<Record<string, StatusWord>> = {
  // projects
  received: { label: 'Received', tone: 'running' },
  analyzing: { label: 'Analysing', tone: 'running' },
  planning: { label: 'Planning', tone: 'running' },
  awaiting_approval: { label: 'Needs an answer', tone: 'waiting' },
  building: { label: 'Building', tone: 'running' },
  testing: { label: 'Testing', tone: 'running' },
  reviewing: { label: 'Reviewing', tone: 'running' },
  releasing: { label: 'Releasing', tone: 'running' },
  completed: { label: 'Completed', tone: 'success' },
  paused: { label: 'Paused', tone: 'neutral' },
  budget_hold: { label: 'Budget hold', tone: 'waiting' },
  failed: { label: 'Failed', tone: 'danger' },
  rejected: { label: 'Rejected', tone: 'danger' },
  cancelled: { label: 'Stopped', tone: 'neutral' },
  // stages, runs, checks
  pending: { label: 'Pending', tone: 'waiting' },
  queued: { label: 'Queued', tone: 'neutral' },
  starting: { label: 'Starting', tone: 'running' },
  running: { label: 'Running', tone: 'running' },
  in_progress: { label: 'Running', tone: 'running' },
  succeeded: { label: 'Succeeded', tone: 'success' },
  success: { label: 'Passed', tone: 'success' },
  passed: { label: 'Passed', tone: 'success' },
  failure: { label: 'Failed', tone: 'danger' },
  error: { label: 'Error', tone: 'danger' },
  neutral: { label: 'Neutral', tone: 'neutral' },
  skipped: { label: 'Skipped', tone: 'neutral' },
  timed_out: { label: 'Timed out', tone: 'danger' },
  action_required: { label: 'Action required', tone: 'waiting' },
  stalled: { label: 'Stalled', tone: 'danger' },
  invalid_answer: { label: 'Invalid answer', tone: 'danger' },
  no_branch: { label: 'No branch', tone: 'danger' },
  superseded: { label: 'Superseded', tone: 'neutral' },
  // decisions
  answered: { label: 'Answered', tone: 'success' },
  applied: { label: 'Answered', tone: 'success' },
  expired: { label: 'Expired', tone: 'danger' },
  approve: { label: 'Approved', tone: 'success' },
  reject: { label: 'Rejected', tone: 'danger' },
  change: { label: 'Change requested', tone: 'waiting' },
  retry: { label: 'Retry', tone: 'running' },
  skip: { label: 'Skipped', tone: 'neutral' },
  stop: { label: 'Stopped', tone: 'danger' },
  // pull requests
  open: { label: 'Open', tone: 'running' },
  merged: { label: 'Merged', tone: 'success' },
  closed: { label: 'Closed', tone: 'neutral' },
  // messages and deliveries
  sent: { label: 'Sent', tone: 'success' },
  delivered: { label: 'Delivered', tone: 'success' },
  dead: { label: 'Given up', tone: 'danger' },
  processed: { label: 'Processed', tone: 'success' },
  done: { label: 'Done', tone: 'success' },
  duplicate: { label: 'Duplicate', tone: 'neutral' },
  ignored: { label: 'Ignored', tone: 'neutral' },
  // health
  ok: { label: 'OK', tone: 'success' },
  up: { label: 'Up', tone: 'success' },
  ready: { label: 'Ready', tone: 'success' },
  degraded: { label: 'Degraded', tone: 'waiting' },
  down: { label: 'Down', tone: 'danger' },
  unavailable: { label: 'Unavailable', tone: 'danger' },
  alive: { label: 'At work', tone: 'running' },
  over: { label: 'Over', tone: 'neutral' },
  lost: { label: 'Lost', tone: 'danger' },
  invalid: { label: 'Unreadable', tone: 'danger' },
  waiting: { label: 'Waiting', tone: 'waiting' },
  planned: { label: 'Planned', tone: 'neutral' },
  found: { label: 'Found', tone: 'neutral' },
  built: { label: 'Built', tone: 'success' },
  pass: { label: 'Pass', tone: 'success' },
  fail: { label: 'Fail', tone: 'danger' },
  fix: { label: 'To be fixed', tone: 'waiting' },
  human: { label: 'Asks people', tone: 'waiting' },
  changes_requested: { label: 'Changes requested', tone: 'waiting' },
  unknown: { label: 'Unknown', tone: 'neutral' },
};

export function statusWord(status: string): StatusWord {
  const known = WORDS[status.toLowerCase()];
  if (known) return known;
  const words = status.replaceAll(/[_-]+/g, ' ').toLowerCase();
  return { label: words.charAt(0).toUpperCase() + words.slice(1), tone: 'neutral' };
}

/** States a project does not come back from by itself. */
export function isClosed(status: string): boolean {
  return status === 'completed' || status === 'rejected' || status === 'cancelled';
}

/** `awaiting_approval` speaks to those who may answer; others learn who is waited for. */
export function isWaiting(status: string): boolean {
  return status === 'awaiting_approval' || status === 'budget_hold';
}
