import { describe, expect, it } from 'vitest';

import { EventStreamParser } from './sse';

describe('EventStreamParser', () => {
  it('reads events that arrive in pieces, whatever the line ends', () => {
    const parser = new EventStreamParser();
    expect(parser.push('id: 7\r')).toEqual([]);
    expect(parser.push('\nevent: project\r\ndata: {"a":\r\ndata: 1}\r\n')).toEqual([]);
    expect(parser.push('\r\ndata: next\n\n')).toEqual([
      { id: '7', event: 'project', data: '{"a":\n1}' },
      { id: '7', event: 'message', data: 'next' },
    ]);
  });

  it('skips comments, which only keep the connection alive', () => {
    expect(new EventStreamParser().push(': ping\n\n')).toEqual([]);
  });
});
