import { type Dataset, fingerprint, type LongCallOptions, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { holm, pairedTTest } from '@palate/eval';
import { graphStatistics, relationGraph } from '@palate/graph-augment';
import { GRAPH_STUDY_MODELS, type GraphStudyModel, textEdges } from '../graph-systems.js';
import { loadFolderDataset } from '../prepare.js';
import type { SystemOptions } from '../suite.js';
import { GRAPH_BUDGETS, type GraphBudget, graphGrid, graphOptions } from '../suites/graph.js';
import {
  COLD,
  GRAPH_METRICS,
  type GraphCell,
  LEAST_ACTIVE,
  type Measured,
  measureTest,
  measureValidation,
} from './graph-cells.js';
import { claimNotes, gain, type ModelOutcome } from './graph-claims.js';
import { meanAndDeviation, meanOf, type Study, type StudyContext } from './study.js';

/** Options that are chosen, as the table calls them. */
const CHOSEN: Readonly<Record<string, string>> = { learningRate: 'rate', edgeShare: 'edges' };

interface Setting {
  readonly key: string;
  readonly words: string;
  readonly budget: GraphBudget;
  readonly seeds: readonly number[];
  readonly models: readonly GraphStudyModel[];
  readonly load: (call: LongCallOptions) => Promise<Dataset>;
}

/** Models whose scores know of relations; for the others edges are more interactions. */
const BLIND: readonly GraphStudyModel[] = ['bpr', 'hyper-ml', 'light-gcn', 'rp3-beta'];

/** NDCG@10 of each user, the mean over seeds. */
function perUserMeans(seeds: readonly Measured[]): Float64Array {
  const mean = new Float64Array(seeds[0]?.users ?? 0);
  for (const { perUser } of seeds)
    for (const [user, value] of Object.entries(perUser)) mean[Number(user)]! += value / seeds.length;
  return mean;
}

/** Graph recommenders with and without text edges. */
function graphAugment(setting: Setting): Study {
  const { key, words, models, seeds } = setting;
  return {
    name: `graph-augment-${key}`,
    title: `Text-similarity edges in the user-item graph, ${words}: every model with and without`,
    protocol: `Leave-one-out, training edges alone; full catalogue, history masked, pessimistic ties; beside it HR@10 among the target and 100 random items, which is another metric. Width 32; ${seeds.length === 1 ? 'one seed' : `${seeds.length} seeds, mean and deviation`}; most epochs, batches and patience are the same with and without edges, and so ${chosenText(setting.budget)}; early stopping by validation. p: paired t-test over users of NDCG@10 (mean over seeds), Holm over all models. Least active users: the ${100 * LEAST_ACTIVE} % with the fewest training interactions, with all of the degree at which they end, since in a 5-core the boundary lies among equals. Cold items: at most ${COLD} training interactions. Classes of edges are bounded by quantiles of use-lite's distances. The paper (arXiv 2109.09358) claims gains for all models, largest for relational ones and for cold users and items; its tables were not found.`,
    run: async (context) => {
      const dataset = await setting.load(context);
      const split = leaveOneOut(dataset.log);
      const basis = [fingerprint(dataset.log), key, GRAPH_METRICS, COLD, LEAST_ACTIVE, 2];
      const of = (model: GraphStudyModel, options: SystemOptions) => ({ dataset, split, model, options });
      const chosen = new Map<GraphStudyModel, SystemOptions>();
      const measured = new Map<string, Measured[]>();
      // Seed by seed, so that a study that is stopped early has measured every model; model by model, so that one stopped at
      // the first seed has some of them whole.
      for (const seed of seeds)
        for (const model of models) {
          if (!chosen.has(model)) {
            const options = await chooseOptions(context, setting, basis, (given) => of(model, given));
            if (options) chosen.set(model, options);
          }
          const options = chosen.get(model);
          // Walks draw nothing: one seed says all.
          if (!options || (model === 'rp3-beta' && seed !== seeds[0])) continue;
          for (const edges of [false, true]) {
            const cell = { ...of(model, options), edges, seed };
            const outcome = await context.optionalCell(
              `${model} ${edges ? 'with edges' : 'plain'} seed ${seed}`,
              [...basis, options, edges, seed],
              (call) => measureTest(cell, call),
            );
            const side = `${model} ${edges}`;
            if (outcome) measured.set(side, [...(measured.get(side) ?? []), outcome]);
          }
        }
      const whole = models.filter((model) => measured.has(`${model} false`) && measured.has(`${model} true`));
      const sides = whole.map((model) => ({
        model,
        plain: measured.get(`${model} false`) ?? [],
        augmented: measured.get(`${model} true`) ?? [],
      }));
      const tests = sides.map(({ plain, augmented }) => {
        const { pValue } = pairedTTest(perUserMeans(augmented), perUserMeans(plain));
        return Number.isNaN(pValue) ? 1 : pValue;
      });
      const adjusted = holm(tests);
      const outcomes = sides.map(({ model, plain, augmented }, k) =>
        outcomeOf(model, plain, augmented, adjusted[k] ?? 1),
      );
      return {
        columns: [
          'model',
          'chosen',
          ...GRAPH_METRICS.map((metric) => `${metric}, without → with`),
          'NDCG@10 gain',
          'HR@10 of 100 sampled',
          'HR@10 gain, cold items',
          'other items',
          'least active users',
          'p (Holm)',
        ],
        rows: sides.map(({ model, plain, augmented }, k) => {
          const full = (seeds: readonly Measured[], metric: string): string =>
            meanAndDeviation(seeds.map((each) => each.full[metric] ?? Number.NaN));
          const { ndcg, hr, pValue } = outcomes[k] as ModelOutcome;
          const sampled = (seeds: readonly Measured[]): string =>
            meanOf(seeds.map((each) => each.sampled['hr@10'] ?? Number.NaN)).toFixed(4);
          const options = Object.entries(chosenOf(chosen.get(model), model, setting.budget));
          return [
            model,
            options.map(([name, value]) => `${CHOSEN[name] ?? name} ${value}`).join(', '),
            ...GRAPH_METRICS.map((metric) => `${full(plain, metric)} → ${full(augmented, metric)}`),
            gain(ndcg),
            `${sampled(plain)} → ${sampled(augmented)}`,
            gain(hr.cold),
            gain(hr.other),
            gain(hr.leastActive),
            pValue.toFixed(4),
          ];
        }),
        notes: [
          ...claimNotes(outcomes),
          `Targets: ${Object.entries(sides[0]?.plain[0]?.slices ?? {})
            .map(([name, { targets }]) => `${targets} of ${name}`)
            .join(', ')}. ${await edgeNotes(context, withLog(dataset, split.train))}`,
        ],
      };
    },
  };
}

/** Names the settings that both sides share beside the budget, and says how they were chosen. */
function chosenText({ rates }: GraphBudget): string {
  const by = 'by NDCG@10 on the validation part, the mean of both sides at the first seed';
  return rates.length === 1
    ? `is the learning rate, one for all but LightGCN (twice it) and not chosen by data; RP3beta's exponent of popularity and the share of its steps that go by edges are chosen ${by}`
    : `is the learning rate (of RP3beta the exponent of popularity and the share of its steps that go by edges), chosen for each model ${by}`;
}

/** Of the options those that were tried. */
function chosenOf(
  options: SystemOptions | undefined,
  model: GraphStudyModel,
  budget: GraphBudget,
): SystemOptions {
  const names = new Set(graphGrid(model, budget).flatMap((each) => Object.keys(each)));
  return Object.fromEntries(Object.entries(options ?? {}).filter(([name]) => names.has(name)));
}

/**
 * The options with the highest NDCG@10 on the validation part, the mean of both sides at the first seed; nothing is measured
 * where one choice alone stands. Nothing is given back where a table is made of what is measured and this is not.
 */
async function chooseOptions(
  context: StudyContext,
  { budget, seeds: [seed = 0] }: Setting,
  basis: readonly unknown[],
  cellOf: (options: SystemOptions) => Omit<GraphCell, 'edges' | 'seed'>,
): Promise<SystemOptions | undefined> {
  const { model } = cellOf({});
  const grid = graphGrid(model, budget).map((tried) => ({
    tried,
    options: { ...graphOptions(model, budget), ...tried },
  }));
  if (grid.length === 1) return grid[0]?.options;
  let best: { readonly options: SystemOptions; readonly value: number } | undefined;
  for (const { tried, options } of grid) {
    const values: number[] = [];
    for (const edges of [false, true]) {
      const cell = { ...cellOf(options), edges, seed };
      const name = `tuning ${model} ${Object.entries(tried).flat().join(' ')} ${edges ? 'with edges' : 'plain'}`;
      const value = await context.optionalCell(name, [...basis, options, edges, seed], (call) =>
        measureValidation(cell, call),
      );
      if (value === undefined) return undefined;
      values.push(value);
    }
    const value = meanOf(values);
    if (best === undefined || value > best.value) best = { options, value };
  }
  return best?.options;
}

function outcomeOf(
  model: GraphStudyModel,
  plain: readonly Measured[],
  augmented: readonly Measured[],
  pValue: number,
): ModelOutcome {
  const change = (of: (measured: Measured) => number | undefined) => ({
    before: meanOf(plain.map((each) => of(each) ?? Number.NaN)),
    after: meanOf(augmented.map((each) => of(each) ?? Number.NaN)),
  });
  const ofSlice = (name: string) => change(({ slices }) => slices[name]?.hr);
  return {
    model,
    isRelational: !BLIND.includes(model),
    pValue,
    ndcg: change(({ full }) => full['ndcg@10']),
    hr: {
      all: change(({ full }) => full['hr@10']),
      cold: ofSlice('cold items'),
      other: ofSlice('other items'),
      leastActive: ofSlice('least active users'),
    },
  };
}

/** Edges by relation, share of the items touched, density before and after, in a sentence. */
async function edgeNotes(context: StudyContext, train: Dataset): Promise<string> {
  const { relations, notes } = await textEdges(train, context);
  const { edges, itemsTouched, itemsAugmented, density } = graphStatistics(
    relationGraph(train.log, { relations }),
  );
  const share = (value: number | undefined): string => `${(100 * (value ?? 0)).toFixed(1)} %`;
  const relation = relations
    .map(({ name }) => `${edges[name]} ${name} (${share(itemsTouched[name])} of the items)`)
    .join(', ');
  const counted = Object.entries(notes).map(([name, count]) => `${name} ${count}`);
  return `Edges: ${edges.interacted} interactions; ${relation}; ${share(itemsAugmented)} of the items have one of them; density ${density.before.toExponential(2)} → ${density.after.toExponential(2)} (counted on the way: ${counted.join(', ')}).`;
}

export const graphAugmentMovieTweetings = graphAugment({
  key: 'movietweetings',
  words: 'MovieTweetings (knowledge and catalogue texts)',
  budget: GRAPH_BUDGETS.movietweetings,
  seeds: [0, 1, 2],
  models: GRAPH_STUDY_MODELS,
  load: () => loadBundledMovieTweetings({ core: 5 }),
});

export const graphAugmentBeauty = graphAugment({
  key: 'beauty',
  words: 'Amazon Beauty 2014 (title, brand, categories)',
  budget: GRAPH_BUDGETS.beauty,
  seeds: [0],
  models: GRAPH_STUDY_MODELS,
  load: (call) => loadFolderDataset('beauty', call),
});

export const graphAugmentGiftCards = graphAugment({
  key: 'gift-cards',
  words: 'Amazon Gift Cards 2018 (metadata and training reviews)',
  budget: GRAPH_BUDGETS.giftcards,
  seeds: [0, 1, 2],
  models: GRAPH_STUDY_MODELS,
  load: (call) => loadFolderDataset('giftcards', call),
});
