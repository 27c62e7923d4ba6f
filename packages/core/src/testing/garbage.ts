import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects garbage, and lets finalizers (a FinalizationRegistry) free memory outside the JavaScript heap. */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  // The callbacks are tasks of their own, which run between two turns of the event loop.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Counts once nothing is left to be freed. A count that is compared with a later one begins here: garbage from before
 * would be freed at any moment between the two, and make the later one smaller.
 *
 * @param held - for example `() => tf.memory().numTensors`
 */
export async function settled(held: () => number): Promise<number> {
  for (let last = held(); ; ) {
    await collectGarbage();
    const now = held();
    if (now === last) return now;
    last = now;
  }
}
