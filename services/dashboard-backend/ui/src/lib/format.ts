/** How numbers, times and ids read everywhere in the dashboard. Pure: the present moment comes in. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'long',
});
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const dayHeading = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en');

/** "3 min ago", "in 2 hr"; past a week the date says more. */
export function formatRelative(value: string, now: number): string {
  const delta = Date.parse(value) - now;
  const size = Math.abs(delta);
  if (size < 10_000) return 'just now';
  if (size < MINUTE) return relative.format(Math.round(delta / 1000), 'second');
  if (size < HOUR) return relative.format(Math.round(delta / MINUTE), 'minute');
  if (size < DAY) return relative.format(Math.round(delta / HOUR), 'hour');
  if (size < 7 * DAY) return relative.format(Math.round(delta / DAY), 'day');
  return dayMonth.format(new Date(value));
}

export function formatExact(value: string): string {
  return exact.format(new Date(value));
}

export function formatClock(value: string): string {
  return clock.format(new Date(value));
}

export function formatDay(value: string): string {
  return dayHeading.format(new Date(value));
}

/** "8 s", "4 min 12 s", "2 h 05 min": two units at most. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Money is kept in cents; unknown is said, never shown as zero. */
export function formatCost(cents: number | null | undefined): string {
  if (cents === null || cents === undefined) return 'not reported';
  if (cents > 0 && cents < 1) return '< $0.01';
  return `$${(cents / 100).toFixed(2)}`;
}

export function formatTokens(count: number): string {
  return count < 10_000 ? whole.format(count) : compact.format(count);
}

export function formatNumber(count: number): string {
  return whole.format(count);
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function shortSha(sha: string): string {
  return sha.replace(/^sha256:/, '').slice(0, 8);
}

const ABBREVIATIONS: Readonly<Record<string, string>> = { qa: 'QA', cli: 'CLI', web_api: 'Web API', email: 'E-mail' };

/** `pull_request.opened` → "Pull request opened". */
export function humanise(value: string): string {
  const short = ABBREVIATIONS[value];
  if (short) return short;
  const words = value.replaceAll(/[._-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}
