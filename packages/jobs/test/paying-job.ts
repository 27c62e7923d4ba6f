import { PalateError } from '@palate/core';
import type { Job } from '../src/index.js';

/** Input of {@link PAYING}. */
export interface Asked {
  readonly url: string;
  readonly question: string;
}

/** Asks a server that counts what it charges, which takes 1 for each key. */
export const PAYING: Job<Asked, { readonly answer: string }> = {
  name: 'paying',
  key: ({ question }) => question,
  run: async ({ url, question }, { pay }) =>
    pay('ask', {
      most: 2,
      call: async (idempotencyKey) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'idempotency-key': idempotencyKey },
          body: question,
        });
        if (response.status === 503)
          throw new PalateError('busy', {
            expected: 'an answer',
            received: '503',
            hint: 'Ask again.',
            isRetryable: true,
          });
        if (!response.ok)
          throw new PalateError('refused', {
            expected: 'an answer',
            received: `${response.status}`,
            hint: 'None.',
          });
        return { value: { answer: await response.text() }, cost: 1 };
      },
    }),
};
