import { checkNumber, InvalidInputError } from '@palate/core';

/** Rule for the items that the right ones are ranked against. */
export type CandidateRule = 'full' | { readonly sampled: number };

/** Everything that a ranking number depends on beside system and data; printed with every number. */
export interface RankingProtocol {
  /** `'full'`: the whole catalogue. `{ sampled: n }`: the targets and `n` random items that the user does not know. */
  readonly candidates: CandidateRule;
  /** Whether items of the history are left out of the ranking. */
  readonly maskHistory: boolean;
  /** `'pessimistic'`: other items with an equal score rank before a target. */
  readonly ties: 'pessimistic';
  /** `'binary'`: every target counts 1. `'rating'`: its rating is its grade. */
  readonly grades: 'binary' | 'rating';
  /** The split in words, as the split describes itself. */
  readonly split?: string | undefined;
}

/** The protocol in one line, for captions: `full catalogue, history masked, pessimistic ties, binary`. */
export function describeProtocol(protocol: RankingProtocol): string {
  return [
    protocol.candidates === 'full' ? 'full catalogue' : `sampled (${protocol.candidates.sampled} negatives)`,
    protocol.maskHistory ? 'history masked' : 'history not masked',
    `${protocol.ties} ties`,
    protocol.grades === 'binary' ? 'binary relevance' : 'ratings as grades',
    ...(protocol.split === undefined ? [] : [protocol.split]),
  ].join('; ');
}

/**
 * Checks a candidate rule against the cut-offs.
 *
 * @throws InvalidInputError if there are too few sampled negatives for a cut-off to mean anything
 */
export function checkCandidateRule(rule: CandidateRule, largestCutoff: number): void {
  if (rule === 'full') return;
  checkNumber('candidates.sampled', rule.sampled, { min: 1, integer: true });
  if (Number.isFinite(largestCutoff) && rule.sampled <= largestCutoff)
    throw new InvalidInputError({
      expected: `more sampled negatives than the largest cut-off, ${largestCutoff}`,
      received: String(rule.sampled),
      hint: 'Sample more, or use the full catalogue: with so few, every item is within the cut-off.',
    });
}
