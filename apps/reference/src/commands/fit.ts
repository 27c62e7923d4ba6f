import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandContext } from '@palate/command-line';
import { readManifest, removeArtifact } from '@palate/core';
import type { Method } from '@palate/engine';
import { chooseSystems } from '../choose-systems.js';
import type { FittingOptions } from '../command-options.js';
import { fitSystem } from '../engine/fit-system.js';
import { withEngine } from '../engine/open-engine.js';

/** Options of `palate fit`. */
export interface FitCommandOptions extends FittingOptions {
  readonly systems?: string | undefined;
  readonly force?: boolean | undefined;
}

/** `palate fit`: fits systems and keeps them, so that no answer has to wait; what is kept is left as it is. */
export async function fitCommand(options: FitCommandOptions, context: CommandContext): Promise<void> {
  const systems = chooseSystems(options.systems);
  const fitted = await withEngine(options, context, async ({ engine }) => {
    const done: { system: string; reused: boolean; seconds: number }[] = [];
    for (const { key } of systems) {
      if (options.force) await removeKept(engine.status().folder, key);
      const { reused = false, seconds = 0 } =
        (await fitSystem(engine, key, { signal: context.signal })) ?? {};
      done.push({ system: key, reused, seconds });
      if (!context.json)
        context.print(`${key}: ${reused ? 'up to date' : `fitted in ${seconds.toFixed(1)} s`}`);
    }
    return done;
  });
  if (context.json) context.printJson(fitted);
}

/** Takes the models of a system away that are kept in a folder: artifacts, and nothing else. */
async function removeKept(folder: string, key: Method['key']): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!new RegExp(`^${key}-[0-9a-f]{16}$`).test(name)) continue;
    const dir = join(folder, name);
    const manifest = await readManifest(dir).catch(() => undefined);
    // What is damaged is fitted again anyway.
    if (manifest) await removeArtifact(dir, manifest.kind);
  }
}
