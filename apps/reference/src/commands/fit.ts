import type { CommandContext } from '@palate/command-line';
import type { TextEncoder } from '@palate/core';
import { chooseSystems } from '../choose-systems.js';
import type { FittingOptions } from '../command-options.js';
import { withEngine } from '../engine/open-engine.js';
import { encoderOnWorkers } from '../jobs/encode-texts.js';
import { withWorkers } from '../jobs/with-queue.js';

/** Options of `palate fit`. */
export interface FitCommandOptions extends FittingOptions {
  readonly systems?: string | undefined;
  readonly force?: boolean | undefined;
  readonly queue?: string | undefined;
}

/** `palate fit`: fits systems and keeps them, so that no answer has to wait; what is kept is left as it is. */
export async function fitCommand(options: FitCommandOptions, context: CommandContext): Promise<void> {
  if (options.queue === undefined) return fit(options, context, undefined);
  await withWorkers(options.queue, (queue) => fit(options, context, encoderOnWorkers(queue, options.effort)));
}

async function fit(
  options: FitCommandOptions,
  context: CommandContext,
  encoder: TextEncoder | undefined,
): Promise<void> {
  const systemsFor = chooseSystems(options.systems);
  const fitted = await withEngine({ ...options, encoder }, context, async ({ engine, dataset }) => {
    const done: { system: string; reused: boolean; seconds: number }[] = [];
    for (const { key } of systemsFor(dataset)) {
      const { reused = false, seconds = 0 } = await engine.fit(
        { system: key, force: options.force },
        { signal: context.signal },
      );
      done.push({ system: key, reused, seconds });
      if (!context.json)
        context.print(`${key}: ${reused ? 'up to date' : `fitted in ${seconds.toFixed(1)} s`}`);
    }
    return done;
  });
  if (context.json) context.printJson(fitted);
}
