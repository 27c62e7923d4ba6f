import { checkNumber } from '@palate/core';

/** The environment variable that says how many threads compute an operation where no option does. */
const VARIABLE = 'PALATE_ORT_THREADS';

/**
 * Threads within an operation of a session: those asked for; else those that the environment variable
 * `PALATE_ORT_THREADS` names; else 0, ONNX Runtime's own choice.
 *
 * @throws InvalidInputError if the variable is no whole number from 0 to 1024
 */
export function sessionThreads(asked: number | undefined): number {
  const named = process.env[VARIABLE];
  if (asked !== undefined || named === undefined || named === '') return asked ?? 0;
  return checkNumber(VARIABLE, /^\d+$/.test(named) ? Number(named) : named, {
    min: 0,
    max: 1024,
    integer: true,
  });
}
