import { describe, expect, test } from 'vitest';
import { claimNotes, gain, type ModelOutcome } from '../src/studies/graph-claims.js';

const change = (before: number, after: number) => ({ before, after });

const outcome = (
  model: string,
  isRelational: boolean,
  ndcg: readonly [number, number],
  pValue: number,
  cold: readonly [number, number],
): ModelOutcome => ({
  model,
  isRelational,
  pValue,
  ndcg: change(...ndcg),
  hr: {
    all: change(0.1, 0.11),
    cold: change(...cold),
    other: change(0.1, 0.1),
    leastActive: change(0.1, 0.105),
  },
});

describe('what a table says of the claims', () => {
  test('holds where every model gains, relational ones and cold items most', () => {
    const notes = claimNotes([
      outcome('a', true, [0.1, 0.13], 0.01, [0.01, 0.02]),
      outcome('b', false, [0.1, 0.11], 0.2, [0.01, 0.03]),
    ]);
    expect(notes[0]).toBe(
      'Gains for all models: holds (NDCG@10 rises for 2 of 2; significantly for 1, falls significantly for 0).',
    );
    expect(notes[1]).toContain(
      'relational models: holds (mean NDCG@10 of models +30.0 %; of those blind to relations +10.0 %)',
    );
    // The mean of .01 and .01 against that of .02 and .03.
    expect(notes[2]).toContain(
      'cold items: holds (mean HR@10 of models 0.0100 → 0.0250, +150.0 %; of all targets +10.0 %)',
    );
    expect(notes[3]).toContain('least active users: does not hold');
  });

  test('does not take a smaller loss for a larger gain, or nothing for something', () => {
    const losing = outcome('a', true, [0.1, 0.09], 0.01, [0.1, 0.095]);
    const notes = claimNotes([
      { ...losing, hr: { ...losing.hr, all: change(0.1, 0.08) } },
      outcome('b', false, [0.1, 0.08], 0.01, [0.1, 0.095]),
    ]);
    expect(notes[0]).toContain(
      'does not hold (NDCG@10 rises for 0 of 2; significantly for 0, falls significantly for 2)',
    );
    expect(notes[1]).toContain('does not hold');
    expect(notes[2]).toContain('does not hold');
    const none = claimNotes([outcome('a', true, [0.1, 0.2], 0.5, [Number.NaN, Number.NaN])]);
    expect(none[2]).toContain('cannot be said without targets');
  });

  test('words of gains', () => {
    expect(gain(change(0.2, 0.25))).toBe('+25.0 %');
    expect(gain(change(0.2, 0.15))).toBe('-25.0 %');
    expect(gain(change(0, 0.1))).toBe('from 0');
    expect(gain(change(0, 0))).toBe('0');
    expect(gain(change(Number.NaN, 0.1))).toBe('no targets');
  });
});
