import { describe, expect, it } from 'vitest';
import {
  ArtifactError,
  checkValidationUnseen,
  fingerprint,
  InteractionLog,
  madeFrom,
  noteParts,
  provenanceOfLog,
  savedProvenance,
  trainingOf,
  UNKNOWN,
  WORLD,
} from '../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'ann', item: 'alien', timestamp: 10 },
  { user: 'ann', item: 'heat', timestamp: 20 },
  { user: 'bob', item: 'heat', timestamp: 15 },
  { user: 'bob', item: 'alien', timestamp: 40 },
]);
const train = log.select(Int32Array.of(0, 2));
const validation = log.select(Int32Array.of(1, 3));

describe('checkValidationUnseen', () => {
  const check = (provenance: Parameters<typeof checkValidationUnseen>[1]) => () =>
    checkValidationUnseen('the vectors', provenance, train, validation);

  it('admits what was made from the training data or from no interactions', () => {
    expect(check(undefined)).not.toThrow();
    expect(check(WORLD)).not.toThrow();
    expect(check(provenanceOfLog(train))).not.toThrow();
    expect(check(madeFrom({ until: 19 }))).not.toThrow();
  });

  it('refuses what knows the validation, and what does not say what it knows', () => {
    expect(check(UNKNOWN)).toThrow(/the vectors with a note of the interactions/);
    expect(check(provenanceOfLog(log))).toThrow(/user "ann" with item "heat" at 20/);
    expect(check(madeFrom({ users: { bob: { n: 2, until: 40 } } }))).toThrow(/user "bob" with item "alien"/);
  });

  it('asks nothing where there is no validation', () => {
    expect(() => checkValidationUnseen('the vectors', UNKNOWN, train, undefined)).not.toThrow();
  });
});

it('what was made from a part of the history may be tested with the history', () => {
  noteParts(log, [train]);
  expect(new Set(trainingOf(log))).toEqual(new Set([fingerprint(log), fingerprint(train)]));
  expect(trainingOf(train)).toEqual([fingerprint(train)]);
});

it('reads a saved provenance back, and refuses a manifest without one', () => {
  for (const provenance of [WORLD, UNKNOWN, provenanceOfLog(train)])
    expect(savedProvenance('here', JSON.parse(JSON.stringify(provenance)))).toEqual(provenance);
  expect(savedProvenance('here', null)).toBeUndefined();
  for (const damaged of [undefined, {}, { kind: 'interactions', sources: [] }, { kind: 'word' }])
    expect(() => savedProvenance('here', damaged)).toThrow(ArtifactError);
});
