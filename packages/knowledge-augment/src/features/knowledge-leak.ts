import {
  checkProvenance,
  fingerprint,
  type KnowledgeEntry,
  type PredictedInteractions,
  provenanceOfAll,
} from '@palate/core';
import type { CtrSamples } from './ctr-samples.js';
import { knownBefore } from './known-history.js';

/**
 * The interactions that samples predict, each with how many of its user's came strictly before it.
 *
 * @param training - fingerprints of what systems were trained on, which texts may know
 */
export function predictedInteractions(
  samples: Pick<CtrSamples, 'log' | 'user' | 'position' | 'past'>,
  ...training: readonly string[]
): PredictedInteractions {
  const { log, user, position, past } = samples;
  const { offsets, row } = log.byUser();
  const rows: number[] = [];
  const positions: number[] = [];
  for (let at = 0; at < user.length; at++) {
    const index = offsets[user[at]!]! + position[at]!;
    if (at > 0 && user[at] === user[at - 1] && position[at] === position[at - 1]) continue;
    // A request, or a sample at the end of a history, asks about what is not known yet.
    if (past || index >= offsets[user[at]! + 1]!) continue;
    rows.push(row[index]!);
    positions.push(knownBefore(log, user[at]!, position[at]!));
  }
  return { rows: log.select(Int32Array.from(rows)), positions, training };
}

/** Fingerprint of the interactions that samples are made from, in the order of the log: the training data. */
export function fingerprintOfSamples(samples: Pick<CtrSamples, 'log' | 'user' | 'position'>): string {
  const { log, user, position } = samples;
  const { offsets, row } = log.byUser();
  // Items that were not clicked share the row of the click.
  const rows = new Set<number>();
  for (let at = 0; at < user.length; at++) {
    const index = offsets[user[at]!]! + position[at]!;
    if (index < offsets[user[at]! + 1]!) rows.add(row[index]!);
  }
  return fingerprint(log.select(Int32Array.from(rows).sort()));
}

/**
 * Refuses samples that a text about their user or item has seen: a text written from the first `n` interactions may
 * serve where at least `n` came strictly before, and one that knows up to a time only after it. `CtrModel` and
 * `Reranker` do the same by themselves with the vectors of texts.
 *
 * @param entries - texts that say what they were written from (`provenance`, `facts.n`, `knowsUntil`)
 * @throws LeakError naming the first sample that a text knows, or that a text does not say what it knows
 */
export function checkKnowledgeLeak(samples: CtrSamples, entries: Iterable<KnowledgeEntry>): void {
  checkProvenance('texts', provenanceOfAll(entries), predictedInteractions(samples));
}
