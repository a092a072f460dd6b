/** Single-key shortcuts can be switched off (WCAG 2.1.4); the choice belongs to this browser. */
const STORAGE_KEY = 'qp-shortcuts';

export function shortcutsEnabled(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== 'off';
  } catch {
    return true;
  }
}

export function setShortcutsEnabled(enabled: boolean): void {
  try {
    localStorage.setItem(STORAGE_KEY, enabled ? 'on' : 'off');
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** Whether a key press belongs to a field or an open dialog rather than to the page. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (event.metaKey || event.ctrlKey || event.altKey) return true;
  if (document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]')) return true;
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

export const SHORTCUTS: ReadonlyArray<readonly [keys: string, meaning: string]> = [
  ['Ctrl K', 'Go to a page, project or decision'],
  ['?', 'This help'],
  ['g h', 'Home'],
  ['g d', 'Decisions'],
  ['g p', 'Projects'],
  ['g s', 'Health'],
  ['j', 'Next row of a list'],
  ['k', 'Previous row of a list'],
  ['Enter', 'Open the row'],
  ['/', 'Search in the list'],
  ['a', 'Approve the decision on the screen'],
  ['r', 'Reject it, with a reason'],
  ['m', 'Ask for a change'],
];
