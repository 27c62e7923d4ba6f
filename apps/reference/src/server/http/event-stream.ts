import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { failureOf } from './failures.js';

/** Milliseconds after which a comment keeps a quiet connection open. */
const KEEP_OPEN = 15_000;

/** One event. */
export interface StreamEvent {
  readonly event?: string | undefined;
  readonly data: string;
}

/**
 * Answers with server-sent events. An error in the middle is an event `error` with the failure as JSON, the last one.
 *
 * @param onEnd - called once, however the stream ends
 */
export function eventStream(
  context: Context,
  events: (signal: AbortSignal) => AsyncIterable<StreamEvent>,
  onEnd: () => void = () => undefined,
): Response {
  return streamSSE(context, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const ping = setInterval(() => void stream.write(': still here\n\n').catch(() => undefined), KEEP_OPEN);
    try {
      for await (const { event, data } of events(gone.signal))
        await stream.writeSSE({ data, ...(event === undefined ? {} : { event }) });
    } catch (error) {
      if (!gone.signal.aborted)
        await stream.writeSSE({ event: 'error', data: JSON.stringify(failureOf(error).body) });
    } finally {
      clearInterval(ping);
      onEnd();
    }
  });
}
