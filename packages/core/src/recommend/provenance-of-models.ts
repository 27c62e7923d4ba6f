import type { ArtifactManifest } from '../artifact/artifact-manifest.js';
import { ArtifactError, LeakError, PalateError } from '../basics/errors.js';
import { fingerprint } from '../data/fingerprint.js';
import type { InteractionLog } from '../data/interaction-log.js';
import { checkProvenance, type Provenance, readProvenance } from '../data/provenance.js';
import { isWithheld, logsAround, partsOf } from '../data/withheld.js';

/**
 * Refuses texts or vectors that know the interactions that a fit is stopped or tuned by: they would be judged by what
 * they were made from.
 *
 * @param what - how the message calls them, for example `"the semantic IDs"`
 * @param provenance - what they know; nothing is checked if left out
 * @param log - what the fit trains on, which they may know
 * @param validation - what it is stopped or tuned by; nothing is checked if left out
 * @throws LeakError for texts or vectors that know the validation, or do not say what they know
 */
export function checkValidationUnseen(
  what: string,
  provenance: Provenance | undefined,
  log: InteractionLog,
  validation: InteractionLog | undefined,
): void {
  if (!provenance || !validation || provenance.kind === 'world') return;
  checkProvenance(what, provenance, { rows: validation, history: log, training: trainingOf(log) });
}

/**
 * Fingerprints of what a system may know that is tested with a log as history: the log itself, the parts that it was put
 * together from (the training part of a split's `known`), and other training data.
 */
export function trainingOf(history: InteractionLog, ...others: readonly InteractionLog[]): string[] {
  return [...new Set([history, ...partsOf(history), ...others].map(fingerprint))];
}

/**
 * Gives the fingerprints of what a model was fitted on, stopped or chosen by, for its `fittedOn`.
 *
 * @param logs - logs, or fingerprints where those were saved; nothing and empty ones are left out
 */
export function fittedOnLogs(...logs: readonly (InteractionLog | string | undefined)[]): string[] {
  const known = logs.filter((log) => log !== undefined && log !== '') as (InteractionLog | string)[];
  return [...new Set(known.map((log) => (typeof log === 'string' ? log : fingerprint(log))))];
}

/** Data that a saved model was fitted on, stopped or chosen by: its artifact's `fittedOn`, or its data alone. */
export function savedFittedOn({
  fittedOn,
  dataFingerprint,
}: Pick<ArtifactManifest, 'fittedOn' | 'dataFingerprint'>): readonly string[] {
  return fittedOn ?? fittedOnLogs(dataFingerprint);
}

/** Joins what the parts of a system were fitted on. */
export function fittedOnParts(
  parts: readonly { readonly fittedOn?: readonly string[] | undefined }[],
): string[] {
  return [...new Set(parts.flatMap(({ fittedOn }) => fittedOn ?? []))];
}

/**
 * The provenance in an artifact's manifest, as `save` wrote it: `null` where the model was built without texts and vectors.
 *
 * @param dir - the artifact, for the message
 * @throws ArtifactError if there is none
 */
export function savedProvenance(dir: string, value: unknown): Provenance | undefined {
  if (value === null) return undefined;
  try {
    return readProvenance(value);
  } catch (error) {
    throw new ArtifactError(dir, {
      expected: 'the provenance of its texts and vectors in the manifest',
      received: PalateError.is(error) ? error.received : 'none',
      hint: 'It was changed, or written by an earlier version: fit and save again.',
      cause: error,
    });
  }
}

/**
 * Refuses a system that was given what it is measured or weighed by, as far as the split and the system tell: a test that
 * it was fitted on, or a validation part that it was trained on. It may have been stopped or chosen by the validation part.
 *
 * @param name - how the message calls the system
 * @param fittedOn - fingerprints of the data that it was given; nothing is checked where it does not say
 * @param held - a part of a split
 * @throws LeakError naming what it was given
 */
export function checkFittedApart(
  name: string,
  fittedOn: readonly string[] | undefined,
  held: InteractionLog,
): void {
  if (!fittedOn || fittedOn.length === 0) return;
  const refuse = (what: string): never => {
    throw new LeakError({
      expected: `${name} to be fitted on the training part, and stopped or chosen by the validation part`,
      received: `one that was given ${what}`,
      hint: 'Fit on withLog(dataset, split.train) with validation: split.validation.',
    });
  };
  const around = logsAround(held);
  for (const [k, log] of around.entries())
    if (fittedOn.includes(fingerprint(log)))
      refuse(k === 0 ? 'the whole log that the test was held out of' : 'a log that holds the test');
  if (around.length > 0 && !isWithheld(held) && fittedOn.includes(fingerprint(held)))
    refuse('the test itself');
}
