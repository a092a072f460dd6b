import '@testing-library/jest-dom/vitest';

import { cleanup, configure } from '@testing-library/react';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { handlers, resetWorld } from './handlers';

// Pages load lazily, and a busy machine is slow: a test waits for what it wants to see.
configure({ asyncUtilTimeout: 8000, getElementError: (message) => new Error(message?.split('\n', 1)[0]) });

/** A test may put handlers of its own on top with `server.use`. */
export const server = setupServer(...handlers);

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  resetWorld();
  localStorage.clear();
});
afterAll(() => server.close());

// jsdom has no layout; wide screens are what the tests look at.
globalThis.matchMedia = (query) => ({
  matches: false,
  media: query,
  onchange: null,
  addListener: () => {},
  removeListener: () => {},
  addEventListener: () => {},
  removeEventListener: () => {},
  dispatchEvent: () => false,
});
HTMLElement.prototype.scrollIntoView = () => {};
globalThis.scrollTo = () => {};
