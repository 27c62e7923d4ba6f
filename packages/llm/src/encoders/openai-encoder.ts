import { defineOptions, type OptionsOf, option } from '@palate/core';
import { badBody, jsonBody } from '../models/chat-format.js';
import { OPENAI_CONNECTION, OpenAIConnection } from '../models/openai-connection.js';
import { BatchedEncoder, ENCODER } from './batched-encoder.js';
import {
  askingAgain,
  badVectors,
  REMOTE_TEXTS,
  RemoteEmbeddingModel,
  widthOf,
} from './remote-embedding-model.js';

/** Options of {@link openaiEncoder}. */
export const OPENAI_ENCODER = defineOptions(
  'openaiEncoder',
  {
    model: option.text(1).required({
      doc: 'for example `text-embedding-3-small`, or what a local server calls its model',
    }),
    dimensions: option.integer({ min: 1 }).optional({
      doc: "width to ask for, if the model can shorten its vectors; left out: the model's own",
    }),
    batchSize: option.integer({ min: 1 })({ default: 64, doc: 'texts a request' }),
    ...REMOTE_TEXTS,
    ...ENCODER.declarations,
    ...OPENAI_CONNECTION.declarations,
    // Numbers of some 20 letters each, as many as the widest models give.
    maxAnswerBytes: option.integer({ min: 1 })({
      default: ({ batchSize }) => Math.max(2 ** 26, (batchSize as number) * 8192 * 24),
      defaultText: '64 MiB, more for batches of more than 341',
      doc: OPENAI_CONNECTION.declarations.maxAnswerBytes.doc,
    }),
  },
  [],
);

/** Options of {@link openaiEncoder}; {@link OPENAI_ENCODER} says what each does. */
export type OpenAIEncoderOptions = OptionsOf<typeof OPENAI_ENCODER.declarations>;

/** A vector of an answer: numbers, or their bytes in base64; what is no number is not-a-number. */
function readVector(embedding: unknown): Float32Array | undefined {
  if (typeof embedding === 'string') {
    const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'));
    return bytes.length > 0 && bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : undefined;
  }
  if (!Array.isArray(embedding) || embedding.length === 0) return undefined;
  return Float32Array.from(embedding, (value: unknown) => (typeof value === 'number' ? value : Number.NaN));
}

/**
 * A text encoder behind an OpenAI-compatible embedding endpoint. Its width is learned from a first request. Requests that
 * fail for a while are sent again.
 *
 * A text that the server has no numbers for fails by itself: `encode` names it once all the others are encoded.
 *
 * @throws ModelCallError if the server does not answer properly, or gives another width than `dimensions`; no API
 *   key is part of it
 */
export async function openaiEncoder(options: OpenAIEncoderOptions): Promise<BatchedEncoder> {
  const settings = OPENAI_ENCODER.settings(options);
  const { model, dimensions, batchSize: _, maxCharacters: __, cacheDir, retry, ...where } = settings;
  const connection = new OpenAIConnection(where);
  const ask = askingAgain(retry, (texts, signal) =>
    connection.call('an embedding', signal, async (client, either) => {
      const answer = jsonBody(
        await client.embeddings.create(
          {
            model,
            input: [...texts],
            encoding_format: 'float',
            ...(dimensions !== undefined && { dimensions }),
          },
          { signal: either },
        ),
      );
      const rows = (answer as { data?: unknown } | null)?.data;
      if (!Array.isArray(rows) || (rows.length === 0 && texts.length > 0))
        throw badBody(answer, connection, 'an embedding', 'data');
      if (rows.length !== texts.length) throw badVectors(`${rows.length} vectors`, `${texts.length} vectors`);
      const found = new Array<Float32Array>(texts.length);
      for (const [k, row] of (rows as ({ index?: unknown; embedding?: unknown } | null)[]).entries()) {
        // Servers may answer in another order and say so by the index.
        const at = typeof row?.index === 'number' ? row.index : k;
        const isFree = Number.isInteger(at) && at >= 0 && at < texts.length && !found[at];
        const given = row === null ? null : row.embedding;
        const isNothing = given === null || (Array.isArray(given) && given.length === 0);
        const vector = !isFree ? undefined : isNothing ? new Float32Array(0) : readVector(given);
        if (!vector)
          throw badVectors('an entry without a vector or with a bad index', 'a vector for every text');
        found[at] = vector;
      }
      return found;
    }),
  );
  const width = await widthOf(ask);
  if (dimensions !== undefined && width !== dimensions)
    throw badVectors(
      `${width} numbers`,
      `${dimensions} numbers per text, as dimensions asks for,`,
      'The server ignores dimensions: leave it out, and use reduceVectors for shorter vectors.',
    );
  return new BatchedEncoder(new RemoteEmbeddingModel(`openai:${model}:${width}`, settings, width, ask), {
    cacheDir,
  });
}
