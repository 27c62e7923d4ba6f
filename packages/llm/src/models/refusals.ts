import { ModelCallError } from './model-error.js';

/** Parts of a request that a model or server may refuse while it would take the rest. */
export type RefusableParameter =
  | 'temperature'
  /** Temperature 0 alone, where only positive ones are taken. */
  | 'temperature 0'
  | 'topP'
  | 'seed'
  | 'maxTokens'
  | 'logProbabilities'
  | 'system role'
  | 'stream usage';

/** How a request is put to a server, as far as it has been learned from what the server refused. */
export interface Learned {
  readonly without: ReadonlySet<RefusableParameter>;
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
}

/** A part of requests that a server refused, and that is left out since. */
export interface LeftOut {
  readonly parameter: RefusableParameter;
  /** The server's words. */
  readonly because: string;
}

/** Words by which servers refuse a parameter or its value, and not how large it is. */
const REFUSED =
  /unsupported|not support|n't support|unrecogni[sz]ed|unknown|unexpected|not permitted|extra (fields|inputs)|not allowed|not available|not enabled|both be (set|used|specified|given|provided)|only one of|no longer|deprecated|strictly positive|only the default|must be (greater than|> ?)0|[(（]0(\.0+)?, ?1(\.0+)?[\])）]|between 0?\.0*[1-9]|invalid (parameter|argument|field|role)|cannot be (used|set|specified)|incompatible|not implemented|alternate/i;
/** Those that speak of an amount: leaving the parameter out would not be what was asked. */
const AMOUNT = /too (large|long|high|many)|maximum (context|value)|exceed|at most|less than or equal/i;

const NAMES: readonly (readonly [RefusableParameter, RegExp])[] = [
  ['stream usage', /stream_options|include_usage/i],
  [
    'system role',
    /\bsystem\b.{0,20}\b(role|message|prompt|instruction)|\brole\b.{0,40}\bsystem\b|developer instruction|roles must alternate/i,
  ],
  ['maxTokens', /max_(completion_|new_)?tokens/i],
  ['temperature', /temperature/i],
  ['topP', /top_?p\b/i],
  ['seed', /\bseed\b/i],
  ['logProbabilities', /logprobs?/i],
];

/** The parameter that a refusal is about, if it is one that can be left out. */
export function refusedParameter(error: unknown): RefusableParameter | undefined {
  // Chat templates that take no system message fail within the server: 500 at some.
  if (!(error instanceof ModelCallError) || ![400, 404, 422, 500, 501].includes(error.status ?? 0))
    return undefined;
  const words = error.received;
  const named = error.parameter ?? '';
  const found =
    NAMES.find(([, pattern]) => pattern.test(named)) ?? NAMES.find(([, pattern]) => pattern.test(words));
  if (!found || !REFUSED.test(words)) return undefined;
  if (/both be |only one of/i.test(words) && /temperature/i.test(words) && /top_?p\b/i.test(words))
    return 'topP';
  const isPositive =
    /strictly positive|(greater than|>) ?0|[(（]0(\.0+)?, ?1(\.0+)?[\])）]|between 0?\.0*[1-9]/i.test(words);
  const parameter = found[0] === 'temperature' && isPositive ? 'temperature 0' : found[0];
  if (parameter !== 'system role' && AMOUNT.test(words) && !/only the default/i.test(words)) return undefined;
  // A server that merely fails is not told from one that refuses, but for the case above and a function's signature.
  const isSignature = /unexpected keyword argument/i.test(words);
  return (error.status ?? 0) < 500 || error.status === 501 || parameter === 'system role' || isSignature
    ? parameter
    : undefined;
}

/** Knowledge of a model's server; starts with nothing. */
export class Refusals {
  #maxTokensField: Learned['maxTokensField'];
  readonly #without = new Map<RefusableParameter, string>();
  #renamed = false;

  constructor(maxTokensField: Learned['maxTokensField']) {
    this.#maxTokensField = maxTokensField;
  }

  get learned(): Learned {
    return { without: new Set(this.#without.keys()), maxTokensField: this.#maxTokensField };
  }

  get leftOut(): readonly LeftOut[] {
    return Array.from(this.#without, ([parameter, because]) => ({ parameter, because }));
  }

  /**
   * Learns from a failure.
   *
   * @param sent - what the request that failed left out
   * @returns true if the request may be put in another way now
   */
  learn(error: unknown, sent: Learned): boolean {
    const parameter = refusedParameter(error);
    if (parameter === undefined || sent.without.has(parameter)) return false;
    if (parameter === 'maxTokens') {
      // Another request may have learned it while this one was on its way.
      if (sent.maxTokensField !== this.#maxTokensField) return true;
      if (!this.#renamed) {
        this.#renamed = true;
        this.#maxTokensField = this.#maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
        return true;
      }
    }
    this.#without.set(parameter, (error as ModelCallError).received);
    return true;
  }
}
