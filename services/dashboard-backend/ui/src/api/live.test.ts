import { http } from 'msw';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { StreamEvent } from '../lib/sse';
import { server } from '../test/setup';
import { liveFeed } from './live';
import { nounsFor } from './liveQueries';

const STREAM = 'http://dashboard.test/api/v1/events/stream';

function stream(...chunks: string[]): { response: Response; end: () => void } {
  let end = () => {};
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      end = () => controller.close();
    },
  });
  return { response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }), end: () => end() };
}

afterEach(() => liveFeed.stop());

const until = (check: () => void) => vi.waitFor(check, { timeout: 8000 });

describe('the live feed', () => {
  it('goes on after a break where it stopped, and says what it is doing', async () => {
    const asked: (string | null)[] = [];
    const first = stream('id: 41\ndata: {"kind":"decision.asked"}\n\n');
    server.use(
      http.get(STREAM, ({ request }) => {
        asked.push(request.headers.get('last-event-id'));
        if (asked.length === 1) return first.response;
        return stream(asked.length === 2 ? 'id: 42\ndata: {"kind":"stage.started"}\n\n' : ': quiet\n\n').response;
      }),
    );
    const events: StreamEvent[] = [];
    const forget = liveFeed.onEvent((event) => events.push(event));
    liveFeed.start();
    await until(() => expect(events).toHaveLength(1));
    expect(liveFeed.getStatus()).toBe('live');

    first.end();
    await until(() => expect(liveFeed.getStatus()).toBe('reconnecting'));
    liveFeed.hurry();
    await until(() => expect(events).toHaveLength(2));
    expect(asked).toEqual([null, '41']);

    liveFeed.pause();
    expect(liveFeed.getStatus()).toBe('paused');
    liveFeed.start();
    await until(() => expect(asked).toEqual([null, '41', '42']));
    forget();
  });

  it('keeps trying while the server is down', async () => {
    let tries = 0;
    server.use(
      http.get(STREAM, () => {
        tries += 1;
        return tries < 3 ? new Response(null, { status: 503 }) : stream(': hello\n\n').response;
      }),
    );
    liveFeed.start();
    await until(() => {
      liveFeed.hurry();
      expect(liveFeed.getStatus()).toBe('live');
    });
    expect(tries).toBe(3);
  });
});

describe('nounsFor', () => {
  it('refetches what an event touched, and everything for one it does not know', () => {
    expect(nounsFor('decision.answered')).toContain('decisions');
    expect(nounsFor('agent_run.finished')).toContain('agent-runs');
    expect(nounsFor('checks.finished')).toContain('pull-requests');
    expect(nounsFor('something.new')).toContain('projects');
  });
});
