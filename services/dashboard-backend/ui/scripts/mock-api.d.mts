import type { IncomingMessage, ServerResponse } from 'node:http';

export function mockApiMiddleware(
  load: () => Promise<Record<string, unknown>>,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
