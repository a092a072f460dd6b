import { useSyncExternalStore } from 'react';

import { EventStreamParser, type StreamEvent } from '../lib/sse';
import { ApiError, client, unwrap } from './client';

export type LiveStatus = 'connecting' | 'live' | 'reconnecting' | 'paused' | 'off';

/** The server sends a comment every 15 s; three missed ones mean that the line is dead. */
const SILENCE_LIMIT = 50_000;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

/**
 * The one event stream of the dashboard. It goes through the API client rather than `EventSource`,
 * which cannot send `Last-Event-ID` on a connection of its own choosing and gives up at the first
 * 401 or 503. Events missed while away are replayed by the server.
 */
class LiveFeed {
  private status: LiveStatus = 'off';
  private lastEventId: string | null = null;
  private abort: AbortController | null = null;
  private wake: (() => void) | null = null;
  private readonly statusListeners = new Set<() => void>();
  private readonly eventListeners = new Set<(event: StreamEvent) => void>();

  getStatus = (): LiveStatus => this.status;

  subscribe = (listener: () => void): (() => void) => {
    this.statusListeners.add(listener);
    return () => this.statusListeners.delete(listener);
  };

  onEvent(listener: (event: StreamEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  start(): void {
    if (this.abort) return;
    const abort = new AbortController();
    this.abort = abort;
    this.set('connecting');
    void this.run(abort.signal);
  }

  stop(): void {
    this.close();
    this.lastEventId = null;
    this.set('off');
  }

  pause(): void {
    this.close();
    this.set('paused');
  }

  /** After sleep, a tab switch or a network change: do not sit out the back-off. */
  hurry = (): void => {
    if (this.status === 'reconnecting') this.wake?.();
  };

  private close(): void {
    this.abort?.abort();
    this.abort = null;
    this.wake?.();
  }

  private set(status: LiveStatus): void {
    if (this.status === status) return;
    this.status = status;
    for (const listener of this.statusListeners) listener();
  }

  private async run(stopped: AbortSignal): Promise<void> {
    let delay = FIRST_DELAY;
    while (!stopped.aborted) {
      const opened = Date.now();
      try {
        await this.connect(stopped);
      } catch (error) {
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
          if (!stopped.aborted) this.stop();
          return;
        }
      }
      if (stopped.aborted) return;
      this.set('reconnecting');
      if (Date.now() - opened > LONGEST_DELAY) delay = FIRST_DELAY;
      await this.sleep(delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, LONGEST_DELAY);
    }
  }

  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.wake = done;
    });
  }

  private async connect(stopped: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const signal = AbortSignal.any([stopped, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_LIMIT);
    try {
      const body = await unwrap(
        client.GET('/api/v1/events/stream', {
          parseAs: 'stream',
          signal,
          headers: this.lastEventId ? { 'Last-Event-ID': this.lastEventId } : {},
        }),
      );
      if (!(body instanceof ReadableStream)) return;
      this.set('live');
      const parser = new EventStreamParser();
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
          const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_LIMIT);
        for (const event of parser.push(value)) this.dispatch(event);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private dispatch(event: StreamEvent): void {
    if (event.id !== null) this.lastEventId = event.id;
    for (const listener of this.eventListeners) listener(event);
  }
}

export const liveFeed = new LiveFeed();

export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(liveFeed.subscribe, liveFeed.getStatus);
}
