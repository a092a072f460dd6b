/** One event of a `text/event-stream`. */
export interface StreamEvent {
  id: string | null;
  event: string;
  data: string;
}

/**
 * Parses an event stream as the HTML standard describes it: lines end in LF, CR or CRLF, comments
 * start with a colon, `data` lines join with LF, an empty line dispatches.
 */
export class EventStreamParser {
  private buffer = '';
  private id: string | null = null;
  private event = '';
  private data: string[] = [];

  /** Takes the next piece of text, returns the events it completed. */
  push(text: string): StreamEvent[] {
    this.buffer += text;
    const events: StreamEvent[] = [];
    for (;;) {
      const end = this.buffer.search(/\r\n|\n|\r/);
      // A CR at the very end may be the first half of a CRLF: wait for the next piece.
      if (end < 0 || (this.buffer[end] === '\r' && end === this.buffer.length - 1)) break;
      const line = this.buffer.slice(0, end);
      this.buffer = this.buffer.slice(end + (this.buffer.startsWith('\r\n', end) ? 2 : 1));
      const event = this.line(line);
      if (event) events.push(event);
    }
    return events;
  }

  private line(line: string): StreamEvent | null {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }

  private dispatch(): StreamEvent | null {
    const data = this.data.join('\n');
    const event = this.event || 'message';
    const empty = this.data.length === 0;
    this.data = [];
    this.event = '';
    return empty ? null : { id: this.id, event, data };
  }
}
