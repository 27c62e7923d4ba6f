import { EmbeddingTable, joinProvenance } from '@palate/core';
import { reduceVectors } from '@palate/llm';
import { SasRec } from '@palate/sequential';
import type { FitContext, FittedMethod } from './method.js';

/** Share of an item's text in its starting vector, beside what a sequence model learned of it. */
const TEXT_SHARE = 0.3;

/**
 * Vectors that items of a ranker start from: of their texts and, where a sequence model is given, the ones that it learned,
 * in which what is used one after the other lies together. An item that nobody used yet starts from its text.
 */
export async function startVectors(
  context: Pick<FitContext, 'itemVectors'>,
  width: number,
  sequence?: FittedMethod | undefined,
): Promise<EmbeddingTable> {
  const texts = reduceVectors(await context.itemVectors(), { width });
  if (!(sequence instanceof SasRec)) return texts;
  const whole = await sequence.itemVectors();
  const learned = whole.width > width ? reduceVectors(whole, { width, whiten: false }) : whole;
  const [own, text] = [learned.align(texts.ids).data, texts.data];
  const [ownScale, textScale] = [1 / rootMeanSquare(own), TEXT_SHARE / rootMeanSquare(text)];
  const data = Float32Array.from(text, (value) => value * textScale);
  for (let row = 0; row < texts.ids.size; row++)
    for (let k = 0; k < learned.width; k++)
      data[row * width + k]! += own[row * learned.width + k]! * ownScale;
  const origins = [learned.provenance, texts.provenance];
  return new EmbeddingTable(texts.ids, width, data, joinProvenance(origins));
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.max(1e-12, Math.sqrt(sum / Math.max(1, values.length)));
}
