import {
  CancelledError,
  checkNumber,
  checkOptions,
  type GenerateRequest,
  InvalidInputError,
  type KnowledgeKey,
  type KnowledgeStore,
  type LanguageModel,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  PalateError,
  type Provenance,
} from '@palate/core';
import { readAnswer } from '@palate/llm';
import { appendFailure, failureOf, type KnowledgeFailure } from './failure-ledger.js';
import { type PromptTemplate, promptHash, requestOf } from './prompt-template.js';

/** An entity to be asked about. */
export interface KnowledgeInput<Input> {
  /** External id. */
  readonly entity: string;
  readonly input: Input;
  /** Latest interaction time that the input shows, in seconds since 1970. */
  readonly knowsUntil?: number;
  /** What the input shows of interactions; that of the template if left out. */
  readonly provenance?: Provenance;
}

/** Options of {@link generateKnowledge}. */
export interface GenerateKnowledgeOptions<Input> extends LongCallOptions {
  readonly store: KnowledgeStore;
  /** Its `id` is part of every key; wrap it for retries, limits and a budget. */
  readonly model: LanguageModel;
  readonly template: PromptTemplate<Input>;
  readonly inputs: readonly KnowledgeInput<Input>[];
  /** Requests in flight at once, and so the most that a kill can lose. Default 4. */
  readonly concurrency?: number;
  /** File of JSON lines to which failures are added. */
  readonly failures?: string;
}

/** What a job did. */
export interface KnowledgeReport {
  /** Entities that had their text before. */
  readonly known: number;
  /** Entities that got it now. */
  readonly stored: number;
  /** Entities without one, and why; they are asked again by the next call. */
  readonly failed: readonly KnowledgeFailure[];
  /** Why the job ended before its time (budget, authorisation), where it did. */
  readonly stoppedBy?: PalateError;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Failures that every further request would share. */
const STOPPING: ReadonlySet<string> = new Set(['budget-exceeded', 'not-authorised', 'missing-dependency']);

const keyOf = (template: PromptTemplate<never>, model: LanguageModel, entity: string): KnowledgeKey => ({
  entityType: template.entityType,
  entity,
  kind: template.kind,
  promptVersion: template.version,
  model: model.id,
});

/**
 * Lists what a job has still to ask: its requests, for a dry run.
 *
 * @throws InvalidInputError if an entity stands twice
 */
export async function pendingKnowledge<Input>(
  options: Pick<GenerateKnowledgeOptions<Input>, 'store' | 'model' | 'template' | 'inputs'>,
): Promise<
  { readonly input: KnowledgeInput<Input>; readonly key: KnowledgeKey; readonly request: GenerateRequest }[]
> {
  const { store, model, template, inputs } = options;
  const seen = new Set<string>();
  const pending = [];
  for (const input of inputs) {
    if (seen.has(input.entity))
      throw new InvalidInputError({
        expected: 'every entity once',
        received: `${JSON.stringify(input.entity)} twice`,
        hint: 'Join its inputs, or ask by two kinds of prompt.',
      });
    seen.add(input.entity);
    const request = requestOf(template, input.input);
    const newest = keyOf(template, model, input.entity);
    const key = { ...newest, promptHash: promptHash(request) };
    // A text without a hash was imported under this version: whoever did so vouches for its prompt.
    const known = await store.get(newest);
    if (known !== undefined && (known.promptHash === undefined || known.promptHash === key.promptHash))
      continue;
    if (known === undefined || (await store.get(key)) === undefined) pending.push({ input, key, request });
  }
  return pending;
}

/**
 * Asks a language model about every entity that the store knows nothing of yet, and stores each answer durably as it
 * comes.
 *
 * What is no knowledge is a failure: answers that are empty, cut at the length limit, filtered or refused, errors that
 * a server sends as answers, and reasoning alone. The hash of the prompt is part of the key: an entity whose text
 * has changed, or that is asked for other factors, is asked again.
 *
 * A call that was stopped or killed goes on where it was: what is stored is never asked for again, and a kill loses at
 * most the requests in flight. A failed entity is recorded and does not stop the others, unless every further request
 * would fail alike.
 *
 * @throws CancelledError if `signal` fires; answers that had come are stored
 */
export async function generateKnowledge<Input>(
  options: GenerateKnowledgeOptions<Input>,
): Promise<KnowledgeReport> {
  checkOptions('generateKnowledge', options, [
    ...LONG_CALL_OPTIONS,
    'store',
    'model',
    'template',
    'inputs',
    'concurrency',
    'failures',
  ]);
  const { store, model, template, inputs, signal, onProgress } = options;
  const concurrency = checkNumber('concurrency', options.concurrency ?? 4, { min: 1, integer: true });
  const pending = await pendingKnowledge(options);
  const known = inputs.length - pending.length;
  const failed: KnowledgeFailure[] = [];
  const usage = { inputTokens: 0, outputTokens: 0 };
  const started = performance.now();
  let stored = 0;
  let next = 0;
  let stoppedBy: PalateError | undefined;
  /** The ledger's lines are written one after the other, in the order of the failures. */
  let ledger: Promise<void> = Promise.resolve();

  const fail = async (key: KnowledgeKey, error: PalateError, answer?: string): Promise<void> => {
    const failure = failureOf(key, error, Date.now() / 1000, answer);
    failed.push(failure);
    const { failures: path } = options;
    if (path === undefined) return;
    ledger = ledger.then(() => appendFailure(path, failure));
    await ledger;
  };
  const report = (): void => {
    const done = stored + failed.length;
    onProgress?.({
      phase: `knowledge ${template.kind}`,
      done: known + done,
      total: inputs.length,
      metrics: { stored, failed: failed.length, ...usage },
      ...(done > 0
        ? { secondsLeft: ((performance.now() - started) / 1000 / done) * (pending.length - done) }
        : {}),
    });
  };
  const work = async (): Promise<void> => {
    while (next < pending.length && stoppedBy === undefined && !signal?.aborted) {
      const { input, key, request } = pending[next++] as (typeof pending)[number];
      const [outcome] = await model.generate([request], signal ? { signal } : {});
      if (!outcome?.ok) {
        const error =
          outcome?.error ??
          new InvalidInputError({
            expected: 'an outcome for the request',
            received: 'none',
            hint: 'The language model breaks its contract: correct its adapter.',
          });
        if (error.code === 'cancelled') return;
        if (STOPPING.has(error.code)) {
          stoppedBy = error;
          return;
        }
        await fail(key, error);
        report();
        continue;
      }
      const { text, usage: spent, model: answeredBy } = outcome.result;
      usage.inputTokens += spent.inputTokens;
      usage.outputTokens += spent.outputTokens;
      try {
        const provenance = input.provenance ?? template.provenance;
        const read = readAnswer(outcome.result);
        if (!read.ok) throw read.error;
        const { facts, ...cleaned } = template.clean?.(read.text) ?? { text: read.text };
        await store.put([
          {
            ...key,
            ...cleaned,
            facts: { ...facts, answeredBy },
            createdAt: Math.floor(Date.now() / 1000),
            ...(input.knowsUntil === undefined ? {} : { knowsUntil: input.knowsUntil }),
            ...(provenance === undefined ? {} : { provenance }),
          },
        ]);
        stored++;
      } catch (error) {
        if (!PalateError.is(error)) throw error;
        await fail(key, error, text);
      }
      report();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, Math.max(1, pending.length)) }, work));
  if (signal?.aborted) throw new CancelledError(`generating knowledge ${template.kind}`, signal.reason);
  return { known, stored, failed, ...(stoppedBy ? { stoppedBy } : {}), ...usage };
}
