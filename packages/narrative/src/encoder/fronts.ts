import type { EncodedTexts, LongCallOptions, TextEncoder } from '@palate/core';
import { BatchedEncoder } from '@palate/llm';
import { selectBackend } from '@palate/nn';
import type { RequestPairs } from '../pairs/request-pairs.js';
import type { BiEncoderConfig } from './bi-encoder-options.js';
import { encodeRows, paddedRows, preparedTokens, rowsAt } from './encode-tokens.js';
import { MeanEncoder } from './mean-encoder.js';
import { headVectors, meanRows, type TextRows, tokenRows } from './text-rows.js';
import { padTokens } from './token-batches.js';
import type { TrainedEncoder } from './trained-encoder.js';

/** Tokens of a text that a trained encoder reads: it is not told which texts are requests. */
export const mostTokens = ({
  requestTokens,
  itemTokens,
}: Pick<BiEncoderConfig, 'requestTokens' | 'itemTokens'>): number => Math.max(requestTokens, itemTokens);

/** The texts of requests and items as a training reads them. */
export async function textRows(
  encoder: TrainedEncoder,
  { requests, texts }: RequestPairs,
  config: BiEncoderConfig,
  options: LongCallOptions,
): Promise<{ readonly requests: TextRows; readonly items: TextRows }> {
  const { parts } = encoder;
  const { requestTokens, itemTokens, dropout } = config;
  const asked = requests.map(({ text }) => text);
  if (config.tuned !== 'head')
    return {
      requests: tokenRows(encoder, asked.map(parts.tokenize), requestTokens, dropout),
      items: tokenRows(encoder, texts.map(parts.tokenize), itemTokens, dropout),
    };
  return countedRows(encoder, { requests, texts }, config, options);
}

/** The texts of requests and items as means that are computed once, for what is trained above them. */
export async function countedRows(
  encoder: TrainedEncoder,
  { requests, texts }: Pick<RequestPairs, 'requests' | 'texts'>,
  config: Pick<
    BiEncoderConfig,
    'requestTokens' | 'itemTokens' | 'cacheDir' | 'around' | 'aroundMost' | 'dropout'
  >,
  options: LongCallOptions,
): Promise<{ readonly requests: TextRows; readonly items: TextRows }> {
  const { dropout, around = [], aroundMost } = config;
  const below = new MeanEncoder(encoder.parts, mostTokens(config), config.cacheDir);
  try {
    const call = { signal: options.signal, onProgress: options.onProgress };
    const surroundings =
      around.length === 0 ? undefined : { ...(await below.counted(around, call)), most: aroundMost };
    const asked = requests.map(({ text }) => text);
    return {
      requests: meanRows(encoder, await below.counted(asked, call), dropout, surroundings),
      items: meanRows(encoder, await below.counted(texts, call), dropout),
    };
  } finally {
    await below.close();
  }
}

/** A text encoder whose own resources can be freed. */
export interface Front extends TextEncoder {
  close(): Promise<void>;
}

/** Encodes texts by a whole trained encoder. */
export function wholeFront(encoder: TrainedEncoder, id: string, most: number): Front {
  const { parts } = encoder;
  return new BatchedEncoder({
    id,
    width: parts.width,
    prepare: (text) => preparedTokens(parts, text, most),
    batchSize: rowsAt,
    embed: async (batch) => {
      await selectBackend();
      const rows = paddedRows(batch.length, Math.max(...batch.map(({ length }) => length)));
      const padded = padTokens(
        batch.map(({ input }) => input as Int32Array),
        most,
        rows,
      );
      const values = await encodeRows(encoder, padded);
      return values.subarray(0, batch.length * parts.width);
    },
  });
}

/** Encodes texts by the layers as they were and a trained head: means that are kept are not computed again. */
export function headFront(encoder: TrainedEncoder, id: string, config: BiEncoderConfig): Front {
  const { parts } = encoder;
  let below: MeanEncoder | undefined;
  return {
    id,
    width: parts.width,
    encode: async (texts, options = {}): Promise<EncodedTexts> => {
      await selectBackend();
      below ??= new MeanEncoder(parts, mostTokens(config), config.cacheDir);
      const { means, truncated } = await below.means(texts, options);
      return { data: await headVectors(encoder, means), width: parts.width, truncated };
    },
    close: async () => {
      const own = below;
      below = undefined;
      await own?.close();
    },
  };
}
