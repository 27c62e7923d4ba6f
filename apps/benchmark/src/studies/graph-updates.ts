import { type Dataset, fingerprint, type LongCallOptions } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { GRAPH_MODELS, type GraphModel } from '@palate/graph-augment';
import { loadFolderDataset } from '../prepare.js';
import { type GraphBudget, graphOptions } from '../suites/graph.js';
import { measureUpdates } from './graph-cells.js';
import { meanOf, type Study } from './study.js';

const STEPS = [0, 3, 10, 30] as const;

interface Data {
  readonly name: string;
  readonly models: readonly GraphModel[];
  readonly budget: Omit<GraphBudget, 'rates'>;
  readonly load: (call: LongCallOptions) => Promise<Dataset>;
}

const DATA: readonly Data[] = [
  {
    name: 'gift-cards',
    models: GRAPH_MODELS,
    budget: { epochs: 60, batchSize: 128, patience: 10 },
    load: (call) => loadFolderDataset('giftcards', call),
  },
  {
    name: 'movietweetings',
    models: ['bpr', 'trans-e', 'mur', 'hyper-ml'],
    budget: { epochs: 30, batchSize: 1024, patience: 8 },
    load: () => loadBundledMovieTweetings({ core: 5 }),
  },
];

/** Study behind the default of `updateSteps`: what bringing trained users to a longer history gains. */
export const graphUpdates: Study = {
  name: 'graph-updates',
  title: 'Steps that bring a trained user to a history that has grown by one interaction, graph recommenders',
  protocol:
    'NDCG@10 within the training part of leave-one-out, whose own last interaction is the target, whose second-last stops the training and joins the history that is asked with; the validation and test parts of the tables are not looked at. Full catalogue, history masked, pessimistic ties; one seed, without edges. 0 steps: trained vectors as they are, as in arXiv 2109.09358. The default of `updateSteps` is the number with the best mean.',
  run: async (context) => {
    const rows: string[][] = [];
    const sums = STEPS.map((): number[] => []);
    for (const { name, models, budget, load } of DATA) {
      const dataset = await load(context);
      const split = leaveOneOut(dataset.log);
      for (const model of models) {
        const options = graphOptions(model, budget);
        const cell = { dataset, split, model, edges: false, options, seed: 0 };
        const values = await context.cell(
          `${name} ${model}`,
          [fingerprint(dataset.log), options, STEPS, 1],
          (call) => measureUpdates(cell, STEPS, call),
        );
        rows.push([name, model, ...values.map((value) => value.toFixed(4))]);
        // Relative to the trained vectors, so that models and data count alike.
        for (const [k, value] of values.entries()) sums[k]?.push(value / (values[0] || 1));
      }
    }
    return {
      columns: ['data', 'model', ...STEPS.map((steps) => `${steps} steps`)],
      rows: [...rows, ['mean', 'relative to 0 steps', ...sums.map((values) => meanOf(values).toFixed(3))]],
    };
  },
};
