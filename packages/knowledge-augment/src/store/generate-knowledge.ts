import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  CancelledError,
  defineOptions,
  type GenerateRequest,
  InvalidInputError,
  type KnowledgeEntry,
  type KnowledgeKey,
  type KnowledgeStore,
  type LanguageModel,
  type LongCallOptions,
  type OptionsOf,
  option,
  PalateError,
  type Provenance,
  StoreError,
} from '@palate/core';
import { beforeNextTurn, readAnswer, UnusableAnswerError } from '@palate/llm';
import { appendFailure, failureOf, type KnowledgeFailure } from './failure-ledger.js';
import { noKnowledge } from './no-knowledge.js';
import { type PromptTemplate, promptHash, requestOf } from './prompt-template.js';

/** An entity to be asked about. */
export interface KnowledgeInput<Input> {
  /** External id. */
  readonly entity: string;
  readonly input: Input;
  /** Latest interaction time that the input shows, in seconds since 1970. */
  readonly knowsUntil?: number | undefined;
  /** Interactions that the input shows; that of the template if left out. */
  readonly provenance?: Provenance | undefined;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Options of {@link generateKnowledge}. */
export const GENERATE_KNOWLEDGE = defineOptions('generateKnowledge', {
  store: option
    .value<KnowledgeStore>('a knowledge store', (value) => typeof Object(value).get === 'function')
    .required({ doc: 'the store of the texts' }),
  model: option
    .value<LanguageModel>('a language model', (value) => typeof Object(value).generate === 'function')
    .required({
      doc: 'the model to ask; its `id` is part of every key. Wrap it for retries, limits and a budget',
    }),
  template: option
    .value<PromptTemplate<never>>('a prompt template', isObject)
    .required({ doc: 'makes the request for an input' }),
  inputs: option
    .value<readonly KnowledgeInput<unknown>[]>('a list of inputs', Array.isArray)
    .required({ doc: 'the entities to ask about' }),
  concurrency: option.integer({ min: 1 })({
    default: 4,
    doc: 'concurrent requests, and so the most that a crash can lose',
  }),
  failures: option.text(1).optional({ doc: 'JSON lines file that failures are appended to' }),
});

/** Options of {@link generateKnowledge}; {@link GENERATE_KNOWLEDGE} says what each does. */
export interface GenerateKnowledgeOptions<Input>
  extends Omit<OptionsOf<typeof GENERATE_KNOWLEDGE.declarations>, 'template' | 'inputs'>,
    LongCallOptions {
  readonly template: PromptTemplate<Input>;
  readonly inputs: readonly KnowledgeInput<Input>[];
}

/** Result of a job. */
export interface KnowledgeReport {
  /** Entities that had their text before, or got it meanwhile from another job on the same store. */
  readonly known: number;
  /** Entities that got it now. */
  readonly stored: number;
  /** Entities without one, and why; they are asked again by the next call. */
  readonly failed: readonly KnowledgeFailure[];
  /** Why the job ended before its time (budget, authorisation), where it did. */
  readonly stoppedBy?: PalateError | undefined;
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

/** Options that say which texts a job is about. */
type KnowledgeQuestion<Input> = Pick<
  GenerateKnowledgeOptions<Input>,
  'store' | 'model' | 'template' | 'inputs'
>;

/** The key of an input's text: with the hash of what is asked about it. */
function askedFor<Input>(
  { model, template }: KnowledgeQuestion<Input>,
  input: KnowledgeInput<Input>,
): { readonly newest: KnowledgeKey; readonly key: KnowledgeKey; readonly request: GenerateRequest } {
  const request = requestOf(template, input.input);
  const newest = keyOf(template, model, input.entity);
  return { newest, key: { ...newest, promptHash: promptHash(request) }, request };
}

/** The text of an input's own prompt; one without a hash was imported by somebody who vouches for its prompt. */
async function knownText(
  store: KnowledgeStore,
  newest: KnowledgeKey,
  key: KnowledgeKey,
): Promise<KnowledgeEntry | undefined> {
  const entry = await store.get(newest);
  if (entry === undefined || entry.promptHash === undefined || entry.promptHash === key.promptHash)
    return entry;
  return store.get(key);
}

/**
 * The texts that a job's inputs have, each of the very prompt that the job asks: where other factors or other item texts
 * were asked for since, the store's newest ones are of those.
 */
export async function* knowledgeOf<Input>(
  question: KnowledgeQuestion<Input>,
): AsyncGenerator<KnowledgeEntry> {
  for (const input of question.inputs) {
    const { newest, key } = askedFor(question, input);
    const entry = await knownText(question.store, newest, key);
    if (entry !== undefined) yield entry;
  }
}

/**
 * Lists what a job has still to ask: its requests, for a dry run.
 *
 * @throws InvalidInputError if an entity is duplicated
 */
export async function pendingKnowledge<Input>(
  options: KnowledgeQuestion<Input>,
): Promise<
  { readonly input: KnowledgeInput<Input>; readonly key: KnowledgeKey; readonly request: GenerateRequest }[]
> {
  const { store, inputs } = options;
  const seen = new Set<string>();
  const pending = [];
  for (const input of inputs) {
    if (seen.has(input.entity))
      throw new InvalidInputError({
        expected: 'every entity once',
        received: `${JSON.stringify(input.entity)} more than once`,
        hint: 'Join its inputs, or use two kinds of prompt.',
      });
    seen.add(input.entity);
    const { newest, key, request } = askedFor(options, input);
    if ((await knownText(store, newest, key)) === undefined) pending.push({ input, key, request });
  }
  return pending;
}

/**
 * Asks a language model about every entity that the store knows nothing of yet, and stores each answer durably as it
 * comes.
 *
 * Answers without knowledge are failures: those that are empty, cut at the length limit, filtered or refused, errors
 * that a server sends as answers, and reasoning alone. The hash of the prompt is part of the key: an entity whose
 * text has changed, or that is asked for other factors, is asked again.
 *
 * A call that was stopped or killed goes on where it was: what is stored is never asked for again, and a kill loses at
 * most the requests in flight. A failed entity is recorded and does not stop the others, unless every further request
 * would fail alike. Any number of jobs, in any number of processes, may share a store: each entity is asked for by one
 * of them, and the claims of a job that was killed end with its process.
 *
 * Whatever makes the call reject (a store or a ledger that cannot be written, a `clean` or `onProgress` that throws)
 * ends the asking first: no request begins afterwards, and the answers of those in flight are still stored.
 *
 * @throws StoreError if the store or the ledger of failures cannot be written
 * @throws CancelledError if `signal` fires; answers that had come are stored
 */
export async function generateKnowledge<Input>(
  options: GenerateKnowledgeOptions<Input>,
): Promise<KnowledgeReport> {
  const { concurrency, failures: path } = GENERATE_KNOWLEDGE.settings(options);
  const { store, model, template, inputs, signal, onProgress } = options;
  const pending = await pendingKnowledge(options);
  let known = inputs.length - pending.length;
  const failed: KnowledgeFailure[] = [];
  const usage = { inputTokens: 0, outputTokens: 0 };
  const started = performance.now();
  let stored = 0;
  let next = 0;
  let stoppedBy: PalateError | undefined;
  let broken: { readonly error: unknown } | undefined;
  const owner = randomUUID();
  /** Texts that other jobs were making when this one came to them. */
  const waiting: { readonly job: (typeof pending)[number]; readonly since: number }[] = [];
  /** The ledger's lines are written one after the other, in the order of the failures. */
  let ledger: Promise<void> = Promise.resolve();

  const fail = async (key: KnowledgeKey, error: PalateError, answer?: string): Promise<void> => {
    const failure = failureOf(key, error, Date.now() / 1000, answer);
    failed.push(failure);
    if (path === undefined) return;
    ledger = ledger.then(() => appendFailure(path, failure));
    await ledger;
  };
  const report = (): void => {
    const done = stored + failed.length;
    onProgress?.({
      phase: `knowledge ${template.kind}`,
      done: Math.min(inputs.length, known + done),
      total: inputs.length,
      metrics: { stored, failed: failed.length, ...usage },
      secondsLeft:
        done > 0 ? ((performance.now() - started) / 1000 / done) * (pending.length - done) : undefined,
    });
  };
  const take = async (): Promise<(typeof pending)[number] | undefined> => {
    if (next < pending.length) return pending[next++];
    const first = waiting.shift();
    if (first) await pauseUntil(first.since + LOOK_AGAIN, signal);
    return first?.job;
  };
  /** Asks about one entity; returns whether its text is stored. */
  const ask = async ({ input, key, request }: (typeof pending)[number]): Promise<boolean> => {
    const [outcome] = await model.generate([request], { signal });
    if (!outcome?.ok) {
      const error =
        outcome?.error ??
        new InvalidInputError({
          expected: 'an outcome for the request',
          received: 'none',
          hint: 'The language model breaks its contract: correct its adapter.',
        });
      if (STOPPING.has(error.code)) stoppedBy = error;
      else if (error.code !== 'cancelled') await fail(key, error);
      return false;
    }
    const { text, usage: spent, model: answeredBy } = outcome.result;
    usage.inputTokens += spent.inputTokens;
    usage.outputTokens += spent.outputTokens;
    try {
      const provenance = input.provenance ?? template.provenance;
      const read = readAnswer(outcome.result);
      if (!read.ok) throw read.error;
      const said = beforeNextTurn(read.text);
      const fault = noKnowledge(said);
      if (fault !== undefined) throw new UnusableAnswerError(fault, text);
      const answer = template.clean?.(said) ?? { text: said.trim() };
      template.check?.(answer, input.input);
      const { facts, ...cleaned } = answer;
      await store.put([
        {
          ...key,
          ...cleaned,
          facts: { ...facts, answeredBy },
          // With its fraction: of two versions within a second the later one is the newest.
          createdAt: Date.now() / 1000,
          knowsUntil: input.knowsUntil,
          provenance,
        },
      ]);
      stored++;
      return true;
    } catch (error) {
      // The answer is paid for: the ledger keeps it, whatever went wrong.
      await fail(key, knowledgeErrorOf(error), text);
      if (!PalateError.is(error) || error instanceof StoreError || error.code === 'artifact') throw error;
      return false;
    }
  };
  const work = async (): Promise<void> => {
    while (stoppedBy === undefined && broken === undefined && !signal?.aborted) {
      const job = await take();
      if (job === undefined || signal?.aborted) return;
      try {
        const claim = (await store.claim?.(job.key, owner)) ?? 'granted';
        if (claim === 'taken') {
          waiting.push({ job, since: Date.now() });
          continue;
        }
        if (claim === 'stored') known++;
        // A claim that cannot be released ends with this process.
        else if (!(await ask(job))) await store.release?.(job.key, owner).catch(() => {});
        if (stoppedBy === undefined && !signal?.aborted) report();
      } catch (error) {
        broken ??= { error };
        await store.release?.(job.key, owner).catch(() => {});
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, Math.max(1, pending.length)) }, work));
  // The compiler does not see assignments inside the workers.
  const failure = broken as { readonly error: unknown } | undefined;
  if (failure) throw failure.error;
  if (signal?.aborted) throw new CancelledError(`generating knowledge ${template.kind}`, signal.reason);
  return { known, stored, failed, stoppedBy, ...usage };
}

/** Milliseconds after which it is looked again for what another job was making. */
const LOOK_AGAIN = 250;

/** Waits until a time in milliseconds, or until the signal fires. */
async function pauseUntil(time: number, signal: AbortSignal | undefined): Promise<void> {
  const left = time - Date.now();
  // Rejects where the signal fires: the worker looks at it itself.
  if (left > 0) await setTimeout(left, undefined, { signal }).catch(() => {});
}

/** The error of the ledger for whatever was thrown. */
function knowledgeErrorOf(error: unknown): PalateError {
  if (PalateError.is(error)) return error;
  return new InvalidInputError({
    expected: 'an answer that the template can clean and the store can save',
    received: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    hint: 'Correct the function clean of the template: it threw.',
    cause: error,
  });
}
