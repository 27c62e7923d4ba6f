import { setTimeout as pause } from 'node:timers/promises';
import { CancelledError, checkNumber, PalateError, throwIfCancelled } from '@palate/core';
import type { CallLedger } from './call-ledger.js';
import type { JobContext, PaidCall } from './job.js';

/** Makes the context of a job's work, whose paid calls go through a ledger. */
export function jobContext(key: string, ledger: CallLedger, signal: AbortSignal): JobContext {
  return {
    signal,
    pay: async <T>(name: string, { most, call }: PaidCall<T>): Promise<T> => {
      const callKey = `${key}/${name}`;
      const limit = checkNumber('most', most, { min: 0 });
      for (;;) {
        throwIfCancelled(signal, 'a paid call');
        const start = await ledger.begin(callKey, limit);
        if (start.kind === 'recorded') return JSON.parse(start.json) as T;
        if (start.kind === 'over')
          throw new PalateError('budget-exceeded', {
            expected: `a call of ${limit} at most within the budget of ${start.budget}`,
            received: `${start.spent} spent and reserved`,
            hint: 'Raise the budget: finished work is kept, and the next run does the rest.',
          });
        if (start.kind !== 'wait') break;
        await pause(start.milliseconds, undefined, { signal }).catch((cause: unknown) => {
          throw new CancelledError('a paid call', cause);
        });
      }
      let answer: Awaited<ReturnType<typeof call>>;
      try {
        answer = await call(callKey);
      } catch (error) {
        // Whether it has cost something is not known where it may pass: the next try has the same key, and pays from the same.
        if (!(PalateError.is(error) && error.isRetryable)) await ledger.release(callKey);
        throw error;
      }
      const { value, cost } = answer;
      await ledger.record(callKey, JSON.stringify(value), checkNumber('cost', cost, { min: 0 }));
      return value;
    },
  };
}
