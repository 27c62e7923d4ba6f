/** Parts that language models in this process share: one call after the other, and the border of a continuation. */
import { InvalidInputError, PalateError } from '@palate/core';
import type { Gate } from './gate.js';
import { ModelCallError } from './model-error.js';

/** Runs a work when it is its turn. */
export type LocalTurns = <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>;

/**
 * Calls of a model in the turns of a gate. What the library throws fails the call, with its reason.
 *
 * @param name - the model, for messages
 * @param hint - what may help where the library fails
 */
export function localTurns(turn: Gate, name: string, hint: string): LocalTurns {
  return (signal, work) =>
    turn.run(signal, async () => {
      try {
        return await work();
      } catch (cause) {
        if (PalateError.is(cause)) throw cause;
        throw new ModelCallError('server-failed', {
          expected: `${name} to run`,
          received: cause instanceof Error ? cause.message : String(cause),
          hint,
          cause,
        });
      }
    });
}

/** The error of a call that asks for more tokens than a model reads. */
export function tooLong(
  { name, contextTokens }: { readonly name: string; readonly contextTokens: number },
  tokens: number,
  hint: string,
): ModelCallError {
  return new ModelCallError('request-refused', {
    expected: `at most ${contextTokens} tokens, which is what ${name} reads`,
    received: `${tokens} tokens, including the output`,
    hint,
    isUnbilled: true,
  });
}

/**
 * Tokens of a prompt with its continuation, and where the continuation begins, which is never at the front. Tokens may span the
 * border: what the two readings do not share belongs to the continuation.
 *
 * @param whole - tokens of both
 * @param alone - tokens of the prompt alone
 * @param before - a token to put in front where nothing is shared: one that begins texts, or ends the text before
 * @throws InvalidInputError if nothing is shared and there is no such token
 */
export function withBorder<T>(
  whole: readonly T[],
  alone: readonly T[],
  before: T | null | undefined,
): { readonly tokens: readonly T[]; readonly border: number } {
  let border = 0;
  while (border < alone.length && border < whole.length && alone[border] === whole[border]) border++;
  if (border > 0) return { tokens: whole, border };
  if (before === null || before === undefined || whole.length === 0)
    throw new InvalidInputError({
      expected: 'a prompt, since this model has no start token',
      received: 'none',
      hint: 'Put something before the continuation.',
    });
  return { tokens: [before, ...whole], border: 1 };
}
