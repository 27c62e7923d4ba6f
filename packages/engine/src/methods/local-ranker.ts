import { defineOptions, option } from '@palate/core';
import { LOCAL_RANKER, LocalRanker } from '@palate/llm-rank';
import { trainingOptions } from './fit-options.js';
import type { FittedMethod, Method, MethodSettings } from './method.js';
import { sasrec } from './sequential.js';
import { startVectors } from './start-vectors.js';

const {
  profiles: _p,
  profileProvenance: _o,
  vectors: _v,
  retriever: _r,
  rankings: _k,
  rankingsProvenance: _n,
  ...OWN
} = LOCAL_RANKER.declarations;

/** Options of the local ranker, and how far it trusts the order that it is given. */
const OPTIONS = defineOptions('palr-local', {
  orderWeight: option.number({ min: 0 }).optional({
    doc: "weight of the retriever's order beside the model's own; if left out, the best on the validation, or 0 without one",
  }),
  start: option.choice(['texts', 'sequence'])({
    default: 'texts',
    doc: "initial item vectors: `'texts'`, those of their texts; `'sequence'`, also those of SASRec, which is fitted first and whose best items are then the hardest negatives",
  }),
  ...OWN,
});

/** Width of the ranker's item vectors where no folder gives one. */
const WIDTH = 64;

/** PALR's ranker, a small T5 tuned on this machine. */
export const palrLocal: Method = {
  key: 'palr-local',
  title: 'fine-tuned language model that ranks candidates',
  package: '@palate/llm-rank',
  kind: 'ranker',
  options: OPTIONS,
  deterministic: false,
  needs: ['history', 'item texts', 'training'],
  defaults: {
    // The weight is what did well on recorded rankings of the bundled data.
    full: { epochs: 4, perUser: 2, orderWeight: 2, start: 'sequence' },
    quick: { epochs: 1, perUser: 1, userShare: 0.05, orderWeight: 6 },
  },
  async fit(dataset, settings, context) {
    const { orderWeight, start = 'texts', ...rest } = settings;
    const width = typeof rest.dimension === 'number' ? rest.dimension : WIDTH;
    const { validation } = context;
    const isSequence = start === 'sequence' && rest.startFrom === undefined;
    const retriever =
      validation || isSequence
        ? await context.other('sasrec', validation ? undefined : sasrec.defaults?.full)
        : undefined;
    const ranker = await LocalRanker.fit(dataset, {
      ...rest,
      profiles: context.profiles,
      profileProvenance: context.profileProvenance,
      vectors:
        rest.startFrom === undefined
          ? await startVectors(context, width, isSequence ? retriever : undefined)
          : undefined,
      retriever,
      ...trainingOptions(context),
    });
    return weighted(ranker, orderWeight);
  },
  load: async (dir, { settings }) => weighted(await LocalRanker.load(dir), settings.orderWeight),
};

/** The ranker with a weight of the retriever's order of its own. */
function weighted(ranker: LocalRanker, weight: MethodSettings[string]): FittedMethod {
  if (weight === undefined) return ranker;
  const orderWeight = OPTIONS.declarations.orderWeight.check('orderWeight', weight);
  return {
    name: ranker.name,
    items: ranker.items,
    provenance: ranker.provenance,
    fittedOn: ranker.fittedOn,
    rank: (queries, candidates, k, options) =>
      ranker.rank(queries, candidates, k, { orderWeight, ...options }),
    retrieve: (queries, k, options) => ranker.retrieve(queries, k, options),
    save: (dir) => ranker.save(dir),
    dispose: () => ranker.dispose(),
    [Symbol.dispose]: () => ranker.dispose(),
  };
}
