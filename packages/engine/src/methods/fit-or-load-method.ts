import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash, type Dataset, fingerprint, loadOrFit } from '@palate/core';
import type { FittedMethod, Method, MethodContext, MethodSettings } from './method.js';
import { checkSettings } from './methods.js';

/** Options of {@link fitOrLoadMethod}. */
export interface FitOrLoadOptions {
  /** Folder, encoder, texts and the rest, as `methodContext` makes it of the same data set. */
  readonly context: MethodContext;
  /** Settings of the method, as its declarations have them. */
  readonly settings?: MethodSettings | undefined;
  /** Fit even where it is kept. Default false. */
  readonly force?: boolean | undefined;
  /** Told in a sentence why what was kept is not used. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** A fitted method and where it came from. */
export interface FittedOrLoaded {
  readonly model: FittedMethod;
  /** True if it was read, false if it was fitted now. */
  readonly reused: boolean;
  /** Folder in which it is kept. */
  readonly dir: string;
  readonly seconds: number;
}

/**
 * Reads a method that was fitted on the same data with the same settings, texts, validation and seed, or fits and keeps it. Its folder
 * is named after all of these, so that no other state of things is taken for it.
 *
 * @throws InvalidInputError for settings that the method does not have
 * @throws CancelledError if the context's signal fires; what was kept is as it was
 */
export async function fitOrLoadMethod(
  method: Method,
  dataset: Dataset,
  options: FitOrLoadOptions,
): Promise<FittedOrLoaded> {
  const { context, settings = {}, force, onNotice } = options;
  checkSettings(method, settings);
  const started = performance.now();
  const dir = await folderOf(method, settings, context);
  const { model, reused } = await loadOrFit(dir, {
    load: (from) => method.load(from, { settings, encoder: () => context.encoder() }),
    fit: () => method.fit(dataset, settings, context),
    force,
    onNotice,
  });
  return { model, reused, dir, seconds: (performance.now() - started) / 1000 };
}

/** Whether a method is kept that was fitted on the same data in the same way, so that it would be read. */
export async function isKept(
  method: Method,
  settings: MethodSettings,
  context: MethodContext,
): Promise<boolean> {
  return stat(join(await folderOf(method, settings, context), 'manifest.json')).then(
    () => true,
    () => false,
  );
}

/** Its folder: the method's key and a hash of all that decides the model. */
async function folderOf(method: Method, settings: MethodSettings, context: MethodContext): Promise<string> {
  const readsTexts = method.needs.includes('item texts');
  const identity = contentHash([
    method.key,
    settings,
    method.deterministic ? 0 : (context.seed ?? 0),
    context.dataFingerprint,
    readsTexts ? await context.textIdentity() : '',
    method.kind === 'ranker' ? context.profileIdentity : '',
    // Data for stopping or selection lead to another model; nothing is added where there are none.
    ...(context.validation ? [fingerprint(context.validation)] : []),
  ]);
  return join(context.folder, `${method.key}-${identity.slice(0, 16)}`);
}
