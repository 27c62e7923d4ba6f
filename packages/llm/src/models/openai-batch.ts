import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ArtifactError,
  defineOptions,
  type GenerateOutcome,
  type GenerateRequest,
  type LongCallOptions,
  type OptionsOf,
  option,
  throwIfCancelled,
  writeFileAtomically,
} from '@palate/core';
import type { OpenAI } from 'openai';
import { retrier } from '../middleware/retry.js';
import { readBatchAnswer, requestName } from './batch-answer.js';
import {
  type BatchPart,
  type BatchState,
  hasEnded,
  noteBatch,
  readState,
  writeState,
} from './batch-state.js';
import { type ChatSettings, chatParameters, type Wording } from './chat-format.js';
import { checkRequest } from './check-request.js';
import { ModelCallError } from './model-error.js';
import { OPENAI_BATCH } from './openai.js';
import { OpenAIConnection } from './openai-connection.js';
import { sleep } from './sleep.js';

/** Options of {@link OpenAIBatch}; {@link OPENAI_BATCH} says what each does. */
export type OpenAIBatchOptions = OptionsOf<typeof OPENAI_BATCH.declarations>;

/** Options of {@link generateByBatch}. */
export const GENERATE_BY_BATCH = defineOptions('generateByBatch', {
  ...OPENAI_BATCH.declarations,
  pollSeconds: option.number({ min: 0 })({
    default: 30,
    doc: 'seconds between two polls of the batches',
  }),
});

/** Options of {@link generateByBatch}; {@link GENERATE_BY_BATCH} says what each does. */
export type GenerateByBatchOptions = OptionsOf<typeof GENERATE_BY_BATCH.declarations> & LongCallOptions;

/** How far a job is. */
export interface BatchProgress {
  /** True when no batch will change any more. */
  readonly ended: boolean;
  readonly done: number;
  readonly total: number;
}

/** How the file and the batch of a part are recognised at the server. */
const MARK = 'palate_part';

/**
 * A job at OpenAI's Batch API (https://platform.openai.com/docs/guides/batch): half the price, answers within
 * a day. Write, submit, poll, collect; the state is in a folder, and each step may be repeated after a kill
 * at any moment without anything being paid twice.
 *
 * Requests that fail are outcomes with their error; they do not take the others with them.
 */
export class OpenAIBatch {
  readonly #requests: readonly GenerateRequest[];
  readonly #settings: ChatSettings;
  readonly #wording: Wording;
  readonly #connection: OpenAIConnection;
  readonly #dir: string;
  readonly #state: BatchState;
  readonly #retry = retrier({});

  private constructor(
    requests: readonly GenerateRequest[],
    settings: ChatSettings,
    wording: Wording,
    connection: OpenAIConnection,
    dir: string,
    state: BatchState,
  ) {
    this.#requests = requests;
    this.#settings = settings;
    this.#wording = wording;
    this.#connection = connection;
    this.#dir = dir;
    this.#state = state;
  }

  /**
   * Writes the requests into `dir` as JSONL, or takes up the job that is there.
   *
   * @throws ArtifactError if the folder holds a job of other requests; InvalidInputError for bad requests
   */
  static async open(requests: readonly GenerateRequest[], options: OpenAIBatchOptions): Promise<OpenAIBatch> {
    const {
      dir,
      maxRequestsPerBatch,
      maxBytesPerBatch,
      model,
      provider: _,
      structuredOutput,
      topLogProbabilities,
      maxTokensField,
      ...how
    } = OPENAI_BATCH.settings(options);
    requests.forEach(checkRequest);
    const connection = new OpenAIConnection(how);
    const settings: ChatSettings = { model, topLogProbabilities };
    // A batch cannot fall back once it is sent, nor learn what the server refuses.
    const wording: Wording = {
      mode: structuredOutput === 'auto' ? 'json_schema' : structuredOutput,
      maxTokensField: maxTokensField ?? (connection.isOpenAI ? 'max_completion_tokens' : 'max_tokens'),
      without: new Set(),
    };
    const lines = requests.map(
      (request, index) =>
        `${JSON.stringify({
          custom_id: requestName(index),
          method: 'POST',
          url: '/v1/chat/completions',
          body: chatParameters(request, settings, wording),
        })}\n`,
    );
    const hash = createHash('sha256');
    for (const line of lines) hash.update(line);
    const fingerprint = hash.digest('hex');
    await mkdir(dir, { recursive: true });
    let state = await readState(dir);
    if (state && state.fingerprint !== fingerprint)
      throw new ArtifactError(dir, {
        expected: 'no job, or the job of these requests',
        received: 'a job of other requests, another model or other parameters',
        hint: 'Choose another folder; collect the job that is there with its own requests.',
      });
    if (!state) {
      state = { format: 'palate-openai-batch', version: 1, fingerprint, parts: [] };
      for (const [from, to] of split(lines, maxRequestsPerBatch, maxBytesPerBatch)) {
        await writeFileAtomically(
          join(dir, `requests-${state.parts.length}.jsonl`),
          lines.slice(from, to).join(''),
        );
        state.parts.push({ from, to });
      }
      await writeState(dir, state);
    }
    return new OpenAIBatch(requests, settings, wording, connection, dir, state);
  }

  /** Uploads and starts what is not yet started. */
  async submit(signal?: AbortSignal): Promise<void> {
    for (const [index, part] of this.#state.parts.entries()) {
      if (part.batchId !== undefined) continue;
      const mark = `${this.#state.fingerprint.slice(0, 40)}-${index}`;
      if (part.fileId === undefined) {
        const file = await this.#call('the upload of a batch', signal, (client, either) =>
          client.files.create(
            { file: createReadStream(join(this.#dir, `requests-${index}.jsonl`)), purpose: 'batch' },
            { signal: either },
          ),
        );
        part.fileId = file.id;
        await this.#save();
      }
      const { fileId } = part;
      await this.#retry(signal, async (either) => {
        // An attempt that was cut off may have made the batch: look before making another.
        const made = part.submitting ? await this.#find(mark, either) : undefined;
        if (!part.submitting) {
          part.submitting = true;
          await this.#save();
        }
        const batch =
          made ??
          (await this.#connection.call('the start of a batch', either, (client, within) =>
            client.batches.create(
              {
                input_file_id: fileId,
                endpoint: '/v1/chat/completions',
                completion_window: '24h',
                metadata: { [MARK]: mark },
              },
              { signal: within },
            ),
          ));
        part.batchId = batch.id;
        noteBatch(part, batch);
        await this.#save();
      });
    }
  }

  /** Looks how far the batches are. */
  async poll(signal?: AbortSignal): Promise<BatchProgress> {
    for (const part of this.#state.parts) {
      const { batchId } = part;
      if (batchId === undefined || hasEnded(part)) continue;
      const batch = await this.#call('a look at a batch', signal, (client, either) =>
        client.batches.retrieve(batchId, { signal: either }),
      );
      noteBatch(part, batch);
      await this.#save();
    }
    const { parts } = this.#state;
    return {
      ended: parts.every(hasEnded),
      done: parts.reduce((sum, part) => sum + (part.completed ?? 0), 0),
      total: this.#requests.length,
    };
  }

  /**
   * Outcomes in the order of the requests, of the batches that have ended; the others' are errors of code
   * `timed-out`, as are those that the server did not get to. Answers are kept in the folder.
   */
  async collect(signal?: AbortSignal): Promise<GenerateOutcome[]> {
    const outcomes = new Array<GenerateOutcome | undefined>(this.#requests.length);
    for (const [index, part] of this.#state.parts.entries()) {
      if (!hasEnded(part)) continue;
      for (const kind of ['output', 'error'] as const) {
        const fileId = kind === 'output' ? part.outputFileId : part.errorFileId;
        if (fileId === undefined) continue;
        for (const line of (await this.#file(`${kind}-${index}.jsonl`, fileId, signal)).split('\n')) {
          const read = readBatchAnswer(line, this.#requests, this.#settings, this.#wording, this.#connection);
          if (read) outcomes[read.index] = read.outcome;
        }
      }
    }
    for (const part of this.#state.parts)
      for (let n = part.from; n < part.to; n++) outcomes[n] ??= { ok: false, error: this.#lost(part) };
    return outcomes as GenerateOutcome[];
  }

  async #file(name: string, fileId: string, signal: AbortSignal | undefined): Promise<string> {
    const path = join(this.#dir, name);
    const kept = await readFile(path, 'utf8').catch(() => undefined);
    if (kept !== undefined) return kept;
    const text = await this.#call('the answers of a batch', signal, async (client, either) =>
      (await client.files.content(fileId, { signal: either })).text(),
    );
    await writeFileAtomically(path, this.#connection.redact(text));
    return text;
  }

  #lost(part: BatchPart): ModelCallError {
    const failed = part.status === 'failed';
    return new ModelCallError(failed ? 'request-refused' : hasEnded(part) ? 'bad-answer' : 'timed-out', {
      expected: `an answer of batch ${part.batchId ?? '(not submitted)'}`,
      received:
        part.problem ?? (hasEnded(part) ? 'none in its files' : `a batch that is ${part.status ?? 'new'}`),
      hint: failed
        ? 'Correct the requests.'
        : hasEnded(part)
          ? 'Ask again in a new job.'
          : 'Poll until it has ended.',
      isRetryable: !failed,
    });
  }

  /** The batch of a part that was made although its id was not noted. */
  async #find(mark: string, signal: AbortSignal): Promise<OpenAI.Batch | undefined> {
    return this.#connection.call('a look for a batch', signal, async (client, either, alive) => {
      for await (const batch of client.batches.list({ limit: 100 }, { signal: either })) {
        alive();
        if (batch.metadata?.[MARK] === mark) return batch;
      }
      return undefined;
    });
  }

  #call<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (client: OpenAI, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#retry(signal, (either) => this.#connection.call(what, either, work));
  }

  #save(): Promise<void> {
    return writeState(this.#dir, this.#state);
  }
}

/**
 * Answers requests by OpenAI's Batch API: writes, submits, looks until all batches have ended, collects.
 *
 * Takes up the job in `dir` where a kill or a cancellation left it; cancelling stops waiting, not the batches.
 * Hours pass: use it for knowledge jobs, not for what someone waits for.
 *
 * @throws as {@link OpenAIBatch}; ModelCallError if the server cannot be reached for long
 */
export async function generateByBatch(
  requests: readonly GenerateRequest[],
  options: GenerateByBatchOptions,
): Promise<GenerateOutcome[]> {
  const { signal, onProgress } = options;
  const { pollSeconds, ...how } = GENERATE_BY_BATCH.settings(options);
  throwIfCancelled(signal, 'a batch');
  const job = await OpenAIBatch.open(requests, how);
  await job.submit(signal);
  for (;;) {
    const { ended, done, total } = await job.poll(signal);
    onProgress?.({ phase: 'batch', done, total });
    if (ended) return job.collect(signal);
    await sleep(pollSeconds * 1000, signal);
  }
}

/** Ranges of lines that fit into one batch each. */
function split(lines: readonly string[], maxLines: number, maxBytes: number): [number, number][] {
  const ranges: [number, number][] = [];
  let from = 0;
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    const size = Buffer.byteLength(line);
    if (index > from && (index - from >= maxLines || bytes + size > maxBytes)) {
      ranges.push([from, index]);
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (lines.length > from) ranges.push([from, lines.length]);
  return ranges;
}
