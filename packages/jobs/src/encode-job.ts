import {
  checkNumber,
  checkOptions,
  type TextEncoder as Encoder,
  InvalidInputError,
  PalateError,
} from '@palate/core';
import { type Job, workWith } from './job.js';
import type { JobQueue } from './job-queue.js';

/** Texts to be encoded together. */
export interface TextsToEncode {
  readonly texts: readonly string[];
}

/** Vectors as JSON carries them. */
export interface CarriedVectors {
  /** Little-endian 32-bit numbers in base 64, a row a text. */
  readonly base64: string;
  readonly truncated: number;
}

/** Makes the job of encoding texts; another encoder, by its `id`, encodes anew, and on no worker that has this one. */
export function encodeJob(encoder: Pick<Encoder, 'id' | 'encode'>): Job<TextsToEncode, CarriedVectors> {
  return {
    name: workWith('encode', encoder.id),
    key: ({ texts }) => ({ encoder: encoder.id, texts }),
    run: async ({ texts }, { signal }) => {
      const { data, truncated } = await encoder.encode(texts, { signal });
      const bytes = Buffer.alloc(4 * data.length);
      for (const [k, value] of data.entries()) bytes.writeFloatLE(value, 4 * k);
      return { base64: bytes.toString('base64'), truncated };
    },
  };
}

/** Options of {@link encoderByJobs}. */
export interface EncoderByJobsOptions {
  /** The encoder that the workers have, by its `id` and `width`. */
  readonly encoder: Pick<Encoder, 'id' | 'width'>;
  /** Texts of a job. Default 256. */
  readonly batch?: number | undefined;
}

/**
 * Makes a text encoder of a queue: a whole catalogue is encoded by its workers, some texts a job, and goes on after a kill with
 * what is left.
 */
export function encoderByJobs(
  queue: JobQueue,
  job: Job<TextsToEncode, CarriedVectors>,
  options: EncoderByJobsOptions,
): Encoder {
  checkOptions('encoderByJobs', options, ['encoder', 'batch']);
  const { encoder, batch = 256 } = options;
  const size = checkNumber('batch', batch, { min: 1, integer: true });
  const { id, width } = encoder;
  return {
    id,
    width,
    encode: async (texts, { signal, onProgress } = {}) => {
      const inputs = Array.from({ length: Math.ceil(texts.length / size) }, (_, k) => ({
        texts: texts.slice(k * size, (k + 1) * size),
      }));
      const results = await queue.run(job, inputs, {
        signal,
        onProgress:
          onProgress &&
          (({ done }) =>
            onProgress({
              phase: 'encoding',
              done: Math.min(texts.length, done * size),
              total: texts.length,
            })),
      });
      const data = new Float32Array(texts.length * width);
      let truncated = 0;
      for (const [k, result] of results.entries()) {
        if (!result.ok)
          throw new PalateError(result.error.code, {
            expected: `vectors of texts ${k * size} to ${Math.min(texts.length, (k + 1) * size) - 1}`,
            received: result.error.message,
            hint: 'Ask again once the cause is fixed: finished vectors are kept.',
          });
        const bytes = Buffer.from(result.value.base64, 'base64');
        const count = (inputs[k]?.texts.length ?? 0) * width;
        if (bytes.length !== 4 * count)
          throw new InvalidInputError({
            expected: `${count} numbers from a worker, at width ${width}`,
            received: String(bytes.length / 4),
            hint: 'Start workers with the same encoder.',
          });
        for (let n = 0; n < count; n++) data[k * size * width + n] = bytes.readFloatLE(4 * n);
        truncated += result.value.truncated;
      }
      return { data, width, truncated };
    },
  };
}
