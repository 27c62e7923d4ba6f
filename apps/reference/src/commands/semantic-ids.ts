import { join } from 'node:path';
import type { CommandContext } from '@palate/command-line';
import { PalateError, userCacheFolder } from '@palate/core';
import { methodContext } from '@palate/engine';
import { printIdTree, RqKMeans, reportIds, SemanticIds } from '@palate/semantic-id';
import { BUNDLED } from '../bundled.js';
import { loadData } from '../data.js';
import { filmKnowledge } from '../engine/film-knowledge.js';
import { modelFolder } from '../engine/model-folder.js';

/** Options of `palate semantic-ids`. */
export interface SemanticIdsCommandOptions {
  readonly groups: number;
  readonly artifacts?: string | undefined;
  readonly seed: number;
  readonly effort: 'full' | 'quick';
}

/** `palate semantic-ids`: IDs of the bundled films by residual k-means over their texts, as a tree with titles. */
export async function semanticIdsCommand(
  options: SemanticIdsCommandOptions,
  { signal, print }: CommandContext,
): Promise<void> {
  const dataset = await loadData(BUNDLED, { signal });
  // The texts and the folder of the engine, where `palate start` may have left their vectors.
  const context = methodContext(dataset, {
    folder: modelFolder({ ...options, data: BUNDLED }) ?? userCacheFolder(),
    knowledge: await filmKnowledge(),
    effort: options.effort,
    signal,
  });
  const encoder = await context.encoder();
  const table = await context.itemVectors();
  const dir = join(options.artifacts ?? userCacheFolder(), 'semantic-ids');
  const kept = await SemanticIds.load(dir).catch((error: unknown) => {
    if (!(PalateError.is(error) && error.code === 'artifact')) throw error;
    return undefined;
  });
  const isCurrent = kept?.encoder === encoder.id;
  const ids = isCurrent
    ? kept
    : await SemanticIds.assign(await RqKMeans.fit(table, { size: 64, seed: options.seed, signal }), table, {
        encoder: encoder.id,
      });
  if (!isCurrent) await ids.save(dir);
  const report = reportIds(ids, table);
  const shown = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(2));
  print(
    `${ids.items.size} films, ${ids.codebook.levels} levels of ${ids.size} codes; perplexity ${report.levels
      .map(({ perplexity }) => perplexity.toFixed(0))
      .join(', ')}; ${(100 * report.collisionRate).toFixed(1)} % share all codes`,
  );
  print(
    `mean cosine of films that share 1, 2, 3 codes: ${report.similarity.map(shown).join(', ')}; at random ${shown(report.similarityAtRandom)}\n`,
  );
  print(
    printIdTree(ids, { groups: options.groups, title: (item) => dataset.catalog.itemText(item, ['title']) }),
  );
}
