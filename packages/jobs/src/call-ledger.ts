import { checkNumber } from '@palate/core';

/** Limits that hold over all workers together. */
export interface JobLimits {
  /** Highest cost of all paid calls together, ever. Default: no limit. */
  readonly budget?: number | undefined;
  /** Paid calls in a second at most. Default: no limit. */
  readonly callsPerSecond?: number | undefined;
}

/** Checks limits: one that is no number would be none. */
export function checkLimits({ budget, callsPerSecond }: JobLimits): JobLimits {
  return {
    budget:
      budget === undefined || budget === Number.POSITIVE_INFINITY
        ? undefined
        : checkNumber('budget', budget, { min: 0 }),
    callsPerSecond:
      callsPerSecond === undefined || callsPerSecond === Number.POSITIVE_INFINITY
        ? undefined
        : checkNumber('callsPerSecond', callsPerSecond, { min: 1, integer: true }),
  };
}

/** How it went to begin a paid call. */
export type CallStart =
  /** Its cost is reserved: now, or since a try before that has recorded nothing. */
  | { readonly kind: 'begun' }
  /** Its answer is recorded. */
  | { readonly kind: 'recorded'; readonly json: string }
  /** The rate limit asks to wait. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  /** The budget does not hold it. */
  | { readonly kind: 'over'; readonly spent: number; readonly budget: number };

/** Ledger of what paid calls have cost, shared by all who make them. */
export interface CallLedger {
  /** Begins a call, in one step for all who ask at the same moment. */
  begin(key: string, most: number): Promise<CallStart>;
  /** Records the answer of a call with what it has cost, in place of what was reserved. */
  record(key: string, json: string, cost: number): Promise<void>;
  /** Gives back what was reserved for a call that the other side refused, so that it has cost nothing. */
  release(key: string): Promise<void>;
  /** Gives the sum of what is spent and what is reserved. */
  spent(): Promise<number>;
}

/** The ledger of one process. */
export class MemoryCallLedger implements CallLedger {
  readonly #limits: JobLimits;
  readonly #costs = new Map<string, number>();
  readonly #answers = new Map<string, string>();
  #spent = 0;
  #second = 0;
  #calls = 0;

  constructor(limits: JobLimits = {}) {
    this.#limits = checkLimits(limits);
  }

  async begin(key: string, most: number): Promise<CallStart> {
    const json = this.#answers.get(key);
    if (json !== undefined) return { kind: 'recorded', json };
    const { budget = Number.POSITIVE_INFINITY, callsPerSecond = Number.POSITIVE_INFINITY } = this.#limits;
    const isKnown = this.#costs.has(key);
    if (!isKnown && this.#spent + most > budget) return { kind: 'over', spent: this.#spent, budget };
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#calls = 0;
    }
    if (this.#calls >= callsPerSecond) return { kind: 'wait', milliseconds: 1000 - (now % 1000) };
    this.#calls++;
    if (!isKnown) {
      this.#costs.set(key, most);
      this.#spent += most;
    }
    return { kind: 'begun' };
  }

  async record(key: string, json: string, cost: number): Promise<void> {
    this.#answers.set(key, json);
    this.#spent += cost - (this.#costs.get(key) ?? 0);
    this.#costs.set(key, cost);
  }

  async release(key: string): Promise<void> {
    if (this.#answers.has(key)) return;
    this.#spent -= this.#costs.get(key) ?? 0;
    this.#costs.delete(key);
  }

  async spent(): Promise<number> {
    return this.#spent;
  }
}
