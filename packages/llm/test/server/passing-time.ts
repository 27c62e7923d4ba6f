import { vi } from 'vitest';
import type { TestServer } from './start-server.js';

/**
 * Lets the waits of this process pass while work goes on: half a second for each answer of the server, however busy
 * the machine is. So what does answer comes in time, and what never does runs out of it at once.
 */
export async function whileTimePasses<T>(server: TestServer, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    let isDone = false;
    const result = work().finally(() => {
      isDone = true;
    });
    // Whoever awaits the result learns of a failure.
    result.catch(() => undefined);
    while (!isDone) {
      await server.control.seen('');
      await vi.advanceTimersByTimeAsync(500);
    }
    return await result;
  } finally {
    vi.useRealTimers();
  }
}
