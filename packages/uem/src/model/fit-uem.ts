import { contentHash, InvalidInputError, throwIfCancelled } from '@palate/core';
import { type TextTokens, wordTokens } from '@palate/llm';
import {
  Adafactor,
  checkVocabulary,
  type EpochReport,
  type ForwardPass,
  fitNetwork,
  freshT5,
  type LabelTensors,
  selectBackend,
  shuffledBatches,
  type T5,
} from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { HistoryVectors } from '../history/history-vectors.js';
import { inputScale } from '../module/input-scale.js';
import { UemBatches } from './prepared-examples.js';
import { type InputTensors, PromptNetwork, type PromptTensors } from './prompt-network.js';
import { PromptedModel, type PromptedParts } from './prompted-model.js';
import { examplesHash, type UemExample } from './uem-example.js';
import { UEM, type UemConfig, type UemOptions } from './uem-options.js';
import { VectorTables } from './vector-tables.js';

/**
 * Trains module, task tokens and language model on questions with their answers; see `Uem.fit`.
 *
 * @param vectors - stored vectors of the texts of the items that histories hold
 * @throws InvalidInputError for unknown options, no examples, histories that do not fit the vectors, or a language model
 *   that does not fit the vocabulary
 * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
 */
export async function fitUem(
  examples: readonly UemExample[],
  vectors: HistoryVectors,
  options: UemOptions = {},
): Promise<PromptedParts & { readonly history: readonly EpochReport[] }> {
  const config = UEM.settings(options);
  if (examples.length === 0)
    throw new InvalidInputError({
      expected: 'examples to train on',
      received: 'none',
      hint: 'Give questions with their answers.',
    });
  throwIfCancelled(options.signal, 'fitting a user embedding module');
  await selectBackend();
  const tokens = config.tokens ?? wordTokens(examples.flatMap(({ text, answer }) => [text, answer]));
  const seed = options.seed ?? 0;
  const start = config.languageModel && contentHash(await config.languageModel.parameters.values());
  const t5 = config.languageModel ?? freshModel(tokens, config, seed);
  checkVocabulary(t5, tokens);
  const scale = config.standardise ? inputScale(vectors) : undefined;
  const network = new PromptNetwork(t5, vectors.width, config, seed, scale);
  const batches = new UemBatches(t5, tokens, vectors, config);
  batches.check(examples);
  const validation = config.validation ?? [];
  batches.check(validation);
  using tables = new VectorTables(vectors);
  const measured = new PromptedModel({ network, tokens, vectors, config });
  const rows = Int32Array.from({ length: examples.length }, (_, row) => row);
  const history = await fitNetwork({
    parameters: network.parameters,
    settings: config,
    options,
    optimiser: config.optimiser === 'adafactor' ? new Adafactor({ scaleByParameter: true }) : undefined,
    identity: UEM.identity({ ...config, languageModel: undefined }, start ?? '', tokens.id, seed, [
      examplesHash(examples),
      examplesHash(validation),
      vectors.encoder,
      contentHash([vectors.titles, vectors.descriptions, vectors.ratingTexts]),
    ]),
    loss: (batch, pass) =>
      network.loss(
        promptsOf(network, tables, batch, pass),
        batch as InputTensors,
        batch as LabelTensors,
        pass,
      ),
    batches: (_, random) =>
      shuffledBatches(rows, Math.min(config.batchSize, rows.length), random, (chosen) =>
        batches.examples(Array.from(chosen, (row) => examples[row] as UemExample)),
      ),
    validation:
      validation.length === 0
        ? undefined
        : {
            measure: async () => {
              const scores = await measured.logLikelihoods(
                validation,
                validation.map(({ answer }) => answer),
                { signal: options.signal },
              );
              return { 'log-likelihood': scores.reduce((sum, score) => sum + score, 0) / scores.length };
            },
            stopBy: 'log-likelihood',
          },
  });
  return { network, tokens, vectors, config, history };
}

/** Soft prompts of a training batch, gathered on the backend. */
function promptsOf(
  network: PromptNetwork,
  tables: VectorTables,
  batch: Readonly<Record<string, tf.Tensor>>,
  pass: ForwardPass,
): PromptTensors | undefined {
  const { items, ratings, historyPresent: present, positions } = batch;
  if (!items || !ratings || !present || !positions) return undefined;
  return network.prompts({ rows: tables.rows(items, ratings), present, positions }, pass);
}

/** A language model with fresh weights over a vocabulary. */
function freshModel(
  tokens: TextTokens,
  { modelWidth: width, modelHeads: heads, modelLayers: layers, dropout }: UemConfig,
  seed: number,
): T5 {
  const shape = { width, heads, layers, inner: 2 * width, dropout, activation: 'gated-gelu' } as const;
  return freshT5(tokens, shape, 'Uem.fit', seed);
}
