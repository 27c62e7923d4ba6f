import { sentences, table } from '@palate/command-line';
import type { KnowledgeStore, LanguageModel } from '@palate/core';
import { type CostEstimate, estimateCost, type Spending, type TokenPrice } from '@palate/llm';
import type { KnowledgeJob } from './knowledge-job.js';

/** Estimated cost of the missing texts of a kind. */
export interface JobEstimate extends CostEstimate {
  readonly kind: string;
  readonly of: 'item' | 'user';
  readonly known: number;
  /** Items without a text, or users of whom nothing may be shown. */
  readonly leftOut: number;
}

/** Reckons what the missing texts of jobs would cost; asks nobody. */
export async function estimates(
  jobs: readonly KnowledgeJob[],
  store: KnowledgeStore,
  model: LanguageModel,
  price: TokenPrice | undefined,
): Promise<JobEstimate[]> {
  const found: JobEstimate[] = [];
  for (const job of jobs) {
    const pending = await job.pending({ store, model });
    const cost = estimateCost(
      pending.map(({ request }) => request),
      { price },
    );
    found.push({
      kind: job.kind,
      of: job.entityType,
      known: job.size - pending.length,
      leftOut: job.leftOut,
      ...cost,
    });
  }
  return found;
}

/** A whole number for people. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');
/** An amount of money for people. */
export const money = (value: number): string => value.toFixed(value > 0 && value < 0.1 ? 4 : 2);

/** Spendings together. */
export function sumOf(spendings: readonly Spending[]): Spending {
  return spendings.reduce(
    (sum, each) => ({
      inputTokens: sum.inputTokens + each.inputTokens,
      outputTokens: sum.outputTokens + each.outputTokens,
      cost: sum.cost + each.cost,
    }),
    { inputTokens: 0, outputTokens: 0, cost: 0 },
  );
}

/** Estimates as a table with a sum. */
export function estimateInWords(found: readonly JobEstimate[], price: TokenPrice | undefined): string[] {
  const expected = sumOf(found.map((each) => each.expected));
  const worst = sumOf(found.map((each) => each.worst));
  return [
    ...table(
      [
        { heading: 'texts' },
        { heading: 'of' },
        { heading: 'there', align: 'right' },
        { heading: 'to ask', align: 'right' },
        { heading: 'tokens read', align: 'right' },
        { heading: 'written, at most', align: 'right' },
        ...(price ? [{ heading: 'money', align: 'right' as const }] : []),
      ],
      found.map(({ kind, of, known, requests, expected: each }) => [
        kind,
        `${of}s`,
        count(known),
        count(requests),
        count(each.inputTokens),
        count(each.outputTokens),
        ...(price ? [money(each.cost)] : []),
      ]),
    ),
    ...sentences([
      ...found
        .filter(({ leftOut }) => leftOut > 0)
        .map(({ kind, of, leftOut }) =>
          of === 'item'
            ? `${kind}: ${count(leftOut)} items have no text to be described by`
            : `${kind}: ${count(leftOut)} users have no history before the part to be predicted (--latest shows it)`,
        ),
      `about ${count(expected.inputTokens)} input and at most ${count(expected.outputTokens)} output tokens in total${
        price
          ? `: ${money(expected.cost)}, and never more than ${money(worst.cost)}`
          : ' (for money, give --input-price and --output-price per million tokens)'
      }`,
    ]),
  ];
}
