import type { CommandContext } from '@palate/command-line';
import { printableJson } from '@palate/core';
import { chooseSystems } from '../choose-systems.js';
import { loadData } from '../data.js';
import { fitOrLoad } from '../fitted.js';

/** Options of `palate fit`. */
export interface FitCommandOptions {
  readonly systems?: string | undefined;
  readonly data: string;
  readonly artifacts: string;
  readonly seed: number;
  readonly force?: boolean | undefined;
  readonly progress?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `palate fit`: fits systems and keeps them as artifacts; what is current is left as it is. */
export async function fitCommand(
  options: FitCommandOptions,
  { signal, print }: CommandContext,
): Promise<void> {
  const systems = chooseSystems(options.systems);
  const dataset = await loadData(options.data, { signal });
  const fitted = await fitOrLoad(systems, dataset, {
    artifacts: options.artifacts,
    data: options.data,
    seed: options.seed,
    force: options.force === true,
    signal,
    quiet: options.json === true,
    lines: options.progress === true,
  });
  if (options.json)
    print(
      printableJson(fitted.map(({ system, reused, seconds }) => ({ system: system.key, reused, seconds }))),
    );
  else
    for (const { system, reused, seconds } of fitted)
      print(`${system.key}: ${reused ? 'up to date' : `fitted in ${seconds.toFixed(1)} s`}`);
}
