import { type OptionDeclaration, option } from '@palate/core';

/** Options of a fit by Bayesian personalised ranking. */
interface PairwiseOptions {
  readonly learningRate: OptionDeclaration<number, 'defaulted'>;
  readonly epochs: OptionDeclaration<number, 'defaulted'>;
}

/** Declares how samples of Bayesian personalised ranking are learned from, with a model's own number of passes. */
export const pairwiseOptions = (epochs: number): PairwiseOptions => ({
  learningRate: option.number({ min: 0 })({ default: 0.05, doc: 'step of the stochastic gradient ascent' }),
  epochs: option.integer({ min: 1 })({
    default: epochs,
    doc: 'passes over as many samples as there are interactions',
  }),
});
