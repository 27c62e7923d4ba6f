import { defineOptions, type OptionsOf, option } from '@palate/core';
import { AI_SDK_CALLS, callSdk, checkSdkModel } from '../models/ai-sdk.js';
import { Gate } from '../models/gate.js';
import { BatchedEncoder, ENCODER } from './batched-encoder.js';
import {
  askingAgain,
  badVectors,
  REMOTE_TEXTS,
  RemoteEmbeddingModel,
  widthOf,
} from './remote-embedding-model.js';

/**
 * An embedding model of the Vercel AI SDK, of version 2 or 3 of its specification (`ai` 5 and 6): what a provider's
 * function returns, such as `openai.textEmbeddingModel('text-embedding-3-small')`.
 */
export interface AiSdkEmbeddingModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly maxEmbeddingsPerCall?: PromiseLike<number | undefined> | number | undefined;
  // Its arguments differ between versions of the specification.
  doEmbed(options: never): PromiseLike<unknown>;
}

/** Options of {@link aiSdkEncoder}, beside the model. */
export const AI_SDK_ENCODER = defineOptions(
  'aiSdkEncoder',
  {
    batchSize: option.integer({ min: 1 })({
      default: 64,
      doc: 'texts per request, or fewer if the model takes fewer',
    }),
    ...REMOTE_TEXTS,
    ...ENCODER.declarations,
    ...AI_SDK_CALLS,
  },
  ['model'],
);

/** Options of {@link aiSdkEncoder}; {@link AI_SDK_ENCODER} says what each does. */
export type AiSdkEncoderOptions = OptionsOf<typeof AI_SDK_ENCODER.declarations> & {
  readonly model: AiSdkEmbeddingModel;
};

/**
 * Makes a text encoder of any embedding model of the Vercel AI SDK. Its width is learned from a first request. Requests
 * that fail for a while are sent again; a text that the model has no numbers for fails by itself.
 *
 * @throws InvalidInputError for what is no embedding model of the SDK; ModelCallError if the first request fails
 */
export async function aiSdkEncoder(options: AiSdkEncoderOptions): Promise<BatchedEncoder> {
  const settings = AI_SDK_ENCODER.settings(options);
  const { retry, timeoutSeconds, concurrency, cacheDir, maxCharacters } = settings;
  const { model } = options;
  checkSdkModel(model, 'doEmbed');
  const where = `${model.provider} ${model.modelId}`;
  const gate = new Gate(concurrency);
  const most = await model.maxEmbeddingsPerCall;
  const batchSize = Math.max(1, Math.min(settings.batchSize, most ?? Number.POSITIVE_INFINITY));
  const ask = askingAgain(retry, (texts, signal) =>
    gate.run(signal, async () => {
      const answer = await callSdk(where, 'an embedding', { signal, timeoutSeconds }, (abortSignal) =>
        // Models of several versions of the SDK are taken, whose types of options differ.
        model.doEmbed({ values: [...texts], abortSignal } as never),
      );
      const rows = (answer as { embeddings?: unknown } | null)?.embeddings;
      if (!Array.isArray(rows)) throw badVectors('an answer without vectors', `${texts.length} vectors`);
      if (rows.length !== texts.length) throw badVectors(`${rows.length} vectors`, `${texts.length} vectors`);
      return rows.map((row: unknown) =>
        Float32Array.from(Array.isArray(row) ? row : [], (value: unknown) =>
          typeof value === 'number' ? value : Number.NaN,
        ),
      );
    }),
  );
  const width = await widthOf(ask);
  const id = `ai-sdk:${model.provider}:${model.modelId}:${width}`;
  return new BatchedEncoder(new RemoteEmbeddingModel(id, { batchSize, maxCharacters }, width, ask), {
    cacheDir,
  });
}
