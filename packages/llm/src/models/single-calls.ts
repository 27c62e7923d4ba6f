import {
  CancelledError,
  checkOptions,
  clip,
  type GenerateOutcome,
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type LanguageModel,
  type LikelihoodRequest,
  type LikelihoodResult,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  PalateError,
  throwIfCancelled,
} from '@palate/core';
import { checkRequest } from './check-request.js';
import { ModelCallError } from './model-error.js';
import { sharedSignal } from './shared-signal.js';
import { TextStream } from './text-stream.js';

/** How one call is made. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Given the answer's text piece by piece as it comes; asks the model to stream. */
  readonly onText?: ((piece: string) => void) | undefined;
  /**
   * Waited for before each request that one call sends beyond its first (a format or parameter was refused), with what
   * the one before failed with: middleware counts what was really sent.
   */
  readonly beforeFurther?: ((failed: unknown) => Promise<void>) | undefined;
}

/**
 * A language model one request at a time: the seam at which middleware composes.
 *
 * Batches and streams are made of it by {@link languageModel}, so that a middleware changes them all alike.
 * Failed calls reject with a PalateError.
 */
export interface SingleCalls {
  readonly id: string;
  /** How many calls at once are of use. */
  readonly concurrency: number;
  /** Settings beside the request that shape answers; part of every cache key. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  generate(request: GenerateRequest, options: CallOptions): Promise<GenerateResult>;
  logLikelihood?(request: LikelihoodRequest, options: CallOptions): Promise<LikelihoodResult>;
}

/** A middleware's own wait before a further request, and after it that of the middleware around it. */
export function inTurn(
  own: (failed: unknown) => Promise<void>,
  outer: CallOptions,
): (failed: unknown) => Promise<void> {
  return async (failed) => {
    await own(failed);
    await outer.beforeFurther?.(failed);
  };
}

/** A language model that also gives its answer piece by piece. */
export interface StreamingLanguageModel extends LanguageModel {
  /**
   * Answers one request as it is written.
   *
   * Iterating rejects with the PalateError of the call if it fails. Leaving the loop early cancels the call.
   */
  stream(request: GenerateRequest, options?: { readonly signal?: AbortSignal }): TextStream;
}

/** How many calls to a model that does not say are made at once. */
const DEFAULT_CONCURRENCY = 16;

const callsOf = new WeakMap<LanguageModel, SingleCalls>();

/**
 * A language model, with batches and streams, made of single calls.
 *
 * @throws InvalidInputError unless `concurrency` is at least 1: otherwise no call would be made
 */
export function languageModel(calls: SingleCalls): StreamingLanguageModel {
  if (!(calls.concurrency >= 1))
    throw new InvalidInputError({
      expected: `concurrency of ${calls.id} to be at least 1`,
      received: String(calls.concurrency),
      hint: 'Give the number of useful concurrent calls.',
    });
  const model: StreamingLanguageModel = {
    id: calls.id,
    async generate(requests, options = {}) {
      checkOptions('generate', options, LONG_CALL_OPTIONS);
      requests.forEach(checkRequest);
      return mapCalls(requests, calls.concurrency, 'generate', options, async (request, signal) => {
        try {
          return { ok: true, result: await calls.generate(request, { signal }) } as GenerateOutcome;
        } catch (error) {
          if (!PalateError.is(error) || signal.aborted) throw error;
          return { ok: false, error };
        }
      });
    },
    stream(request, options = {}) {
      checkOptions('stream', options, ['signal']);
      checkRequest(request);
      return new TextStream(options.signal, (signal, onText) => calls.generate(request, { signal, onText }));
    },
  };
  const { logLikelihood } = calls;
  if (logLikelihood)
    model.logLikelihood = async (requests, options = {}) => {
      checkOptions('logLikelihood', options, LONG_CALL_OPTIONS);
      return mapCalls(requests, calls.concurrency, 'log-likelihood', options, async (request, signal) => {
        const result = await logLikelihood.call(calls, request, { signal });
        if (Number.isFinite(result.logLikelihood)) return result;
        throw new ModelCallError('bad-answer', {
          expected: `a finite log-likelihood of a continuation by ${calls.id}`,
          received: `${result.logLikelihood} for ${JSON.stringify(clip(request.continuation))}`,
          hint: 'Check that the files of the model are whole, and that it can compute in the type of numbers that was chosen.',
        });
      });
    };
  callsOf.set(model, calls);
  return model;
}

function noResult(id: string): ModelCallError {
  return new ModelCallError('bad-answer', {
    expected: `one result of ${id} for one request`,
    received: 'none',
    hint: 'Correct the model: it gives as many results as requests, in their order.',
  });
}

/** The single calls of any language model, its own or made of batches of one. */
export function singleCalls(model: LanguageModel): SingleCalls {
  const own = callsOf.get(model);
  if (own) return own;
  const { logLikelihood } = model;
  return {
    id: model.id,
    concurrency: DEFAULT_CONCURRENCY,
    async generate(request, { signal, onText }) {
      const [outcome] = await model.generate([request], { signal });
      if (!outcome?.ok) throw outcome?.error ?? noResult(model.id);
      onText?.(outcome.result.text);
      return outcome.result;
    },
    ...(logLikelihood && {
      async logLikelihood(request: LikelihoodRequest, { signal }: CallOptions) {
        const [result] = await logLikelihood.call(model, [request], { signal });
        if (!result) throw noResult(model.id);
        return result;
      },
    }),
  };
}

/** Calls for every request, at most `width` at once; the first rejection stops the others. */
async function mapCalls<I, O>(
  requests: readonly I[],
  width: number,
  phase: string,
  options: LongCallOptions,
  call: (request: I, signal: AbortSignal) => Promise<O>,
): Promise<O[]> {
  throwIfCancelled(options.signal, phase);
  const stop = new AbortController();
  const signal = sharedSignal(options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal);
  const results = new Array<O>(requests.length);
  let next = 0;
  let done = 0;
  let told = 0;
  const worker = async (): Promise<void> => {
    while (next < requests.length) {
      const index = next++;
      results[index] = await call(requests[index] as I, signal);
      throwIfCancelled(signal, phase);
      done++;
      const now = performance.now();
      if (options.onProgress && (done === requests.length || now - told > 250)) {
        told = now;
        options.onProgress({ phase, done, total: requests.length });
      }
    }
  };
  const workers = Array.from({ length: Math.min(width, requests.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(workers);
    if (options.signal?.aborted) throw new CancelledError(phase, options.signal.reason);
    throw error;
  }
  return results;
}
