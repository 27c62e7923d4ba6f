import { type OutcomeCounts, UntrustworthyResultError } from '@palate/core';
import type { ContractViolations } from './list-contract.js';

/** Shares beyond which a result is not printed. */
export interface TrustLimits {
  /** Share of the queries whose list may break the contract. */
  readonly violations: number;
  /** Share of the queries that a fallback may answer, for each part of a system. */
  readonly fallbacks: number;
}

/** Limits of an evaluation that names none. */
export const TRUST_LIMITS: TrustLimits = { violations: 0.01, fallbacks: 0.1 };

/** Part of a result that says how far it can be trusted. */
interface Trusted {
  readonly system: string;
  readonly violations?: ContractViolations | undefined;
  readonly outcomes?: readonly OutcomeCounts[] | undefined;
  readonly limits?: TrustLimits | undefined;
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** Broken contracts in words; nothing where there are none. */
export function violationsInWords(violations: ContractViolations): string | undefined {
  const { queries, violated, kinds } = violations;
  if (violated === 0) return undefined;
  const parts = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
  return `${violated} of ${queries} lists (${percent(violated, queries)}) break the contract: ${parts.join(', ')}`;
}

/** Fallbacks and their causes in words; nothing where there is nothing to tell. */
export function outcomesInWords(outcomes: OutcomeCounts): string | undefined {
  const { source, asked, fellBack, causes, examples } = outcomes;
  const parts = Object.entries(causes).map(([cause, count]) => {
    const example = examples?.[cause];
    return `${cause} ${count}${example === undefined ? '' : ` (${JSON.stringify(example)})`}`;
  });
  if (fellBack === 0 && parts.length === 0) return undefined;
  return `${source} answered ${fellBack} of ${asked} queries (${percent(fellBack, Math.max(1, asked))}) by its fallback${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/**
 * Refuses a system whose answers came from a fallback beyond a share: numbers of them are those of the fallback.
 *
 * @param most - share of the queries or rows that a fallback may answer, for each part of the system
 * @throws UntrustworthyResultError telling causes and an example
 */
export function checkOutcomes(system: string, outcomes: readonly OutcomeCounts[], most: number): void {
  for (const each of outcomes)
    if (each.fellBack > most * each.asked)
      throw new UntrustworthyResultError({
        expected: `at most ${percent(most, 1)} of the queries to be answered by a fallback`,
        received: `${system}: ${outcomesInWords(each) ?? ''}`,
        hint: 'Find out why the system does not answer, leave its row out, or evaluate with a larger maxFallbackShare.',
      });
}

/**
 * Refuses a result whose lists broke the contract, or came from a fallback, beyond the limits that it was evaluated
 * with: such numbers are not those of the system. Records without counts pass.
 *
 * @throws UntrustworthyResultError telling what was counted
 */
export function checkTrust(result: Trusted): void {
  const limits = result.limits ?? TRUST_LIMITS;
  const { violations } = result;
  if (violations && violations.violated > limits.violations * violations.queries)
    throw new UntrustworthyResultError({
      expected: `at most ${percent(limits.violations, 1)} of the lists to break the contract of Retriever`,
      received: `${result.system}: ${violationsInWords(violations) ?? ''}`,
      hint: 'Correct the retriever, leave its row out, or evaluate with a larger maxViolationShare.',
    });
  checkOutcomes(result.system, result.outcomes ?? [], limits.fallbacks);
}
