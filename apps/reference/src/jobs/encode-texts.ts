import { join } from 'node:path';
import { type TextEncoder as Encoder, userCacheFolder } from '@palate/core';
import { engineEncoder } from '@palate/engine';
import { encodeJob, encoderByJobs, type JobQueue } from '@palate/jobs';
import type { FittingOptions } from '../command-options.js';

/** The job of encoding texts as an effort has it; the encoder is loaded when the first texts come. */
export function encodeTexts(effort: FittingOptions['effort']): ReturnType<typeof encodeJob> {
  const { id, get } = engineEncoder(effort, join(userCacheFolder(), 'vectors'));
  return encodeJob({ id, encode: async (texts, options) => (await get()).encode(texts, options) });
}

/** The encoder of an effort whose texts go to the workers of a queue. */
export const encoderOnWorkers = (queue: JobQueue, effort: FittingOptions['effort']): Encoder =>
  encoderByJobs(queue, encodeTexts(effort), { encoder: engineEncoder(effort) });
