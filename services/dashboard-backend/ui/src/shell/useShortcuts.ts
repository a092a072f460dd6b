import { useEffect, useEffectEvent } from 'react';
import { useNavigate } from 'react-router';

import { isTyping, shortcutsEnabled } from '../lib/shortcuts';
import { DESTINATIONS } from './navigation';

interface Handlers {
  onPalette: () => void;
  onHelp: () => void;
}

/** How long `g` waits for its second key. */
const CHORD_MILLISECONDS = 1200;

/** Moves the focus over whatever list the page marked with `data-row`. */
function moveFocus(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const now = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

export function useShortcuts({ onPalette, onHelp }: Handlers): void {
  const navigate = useNavigate();

  const press = useEffectEvent((event: KeyboardEvent, chord: boolean): boolean => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      onPalette();
      return false;
    }
    if (isTyping(event) || !shortcutsEnabled()) return false;
    if (chord) {
      const found = DESTINATIONS.find((item) => item.key === event.key);
      if (found) void navigate(found.to);
      return false;
    }
    if (event.key === '?') onHelp();
    else if (event.key === 'j') moveFocus(1);
    else if (event.key === 'k') moveFocus(-1);
    else if (event.key === '/') {
      const search = document.querySelector<HTMLElement>('main input[type="search"]');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
    return event.key === 'g';
  });

  useEffect(() => {
    let chordUntil = 0;
    const listen = (event: KeyboardEvent) => {
      const chord = Date.now() < chordUntil;
      chordUntil = press(event, chord) ? Date.now() + CHORD_MILLISECONDS : 0;
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
