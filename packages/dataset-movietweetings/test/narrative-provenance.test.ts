import { checkProvenance, fingerprint, type InteractionLog } from '@palate/core';
import { leaveOneOut, splitRandom } from '@palate/datasets';
import { expect, it } from 'vitest';
import { loadBundledMovieTweetings, loadNarratives, narrativeProvenance } from '../src/index.js';

const { log } = await loadBundledMovieTweetings();
const provenance = narrativeProvenance(log, await loadNarratives());

const check = (rows: InteractionLog, train: InteractionLog): void =>
  checkProvenance('the requests', provenance, { rows, history: train, training: [fingerprint(train)] });

it('admits requests where the last two interactions of each user are predicted', () => {
  const { train, validation, test } = leaveOneOut(log);
  expect(() => check(test, train)).not.toThrow();
  expect(() => check(validation as InteractionLog, train)).not.toThrow();
});

it('refuses requests that were written from what is predicted', () => {
  const { train, test } = splitRandom(log, { validation: 0.1, test: 0.1, seed: 0 });
  expect(() => check(test, train)).toThrow(/the requests made without the interactions/);
});
