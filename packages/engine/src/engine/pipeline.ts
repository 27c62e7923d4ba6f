import { InvalidInputError } from '@palate/core';
import type { MethodSettings } from '../methods/method.js';
import { checkSettings, methodOf } from '../methods/methods.js';
import { checkColumn, type LiveCatalogue } from './live-catalogue.js';
import { DIVERSITY, type Effort, PIPELINE, type PipelineConfig, RANKER, RETRIEVER } from './options.js';

/** Settings of a method where some are said: those over the defaults of the effort. */
export function settingsOf(key: string, given: MethodSettings | undefined, effort: Effort): MethodSettings {
  return { ...methodOf(key).defaults?.[effort], ...given };
}

/**
 * Checks a pipeline and fills the settings of its methods in.
 *
 * @throws InvalidInputError naming what is wrong with it
 */
export function checkedPipeline(
  pipeline: PipelineConfig,
  catalogue: LiveCatalogue,
  effort: Effort,
  hasModel: boolean,
): PipelineConfig {
  const { retrievers, rankers = [], diversity } = PIPELINE.settings(pipeline);
  if (retrievers.length === 0)
    throw new InvalidInputError({
      expected: 'at least one retriever in the pipeline',
      received: '[]',
      hint: 'For example { retrievers: [{ method: "ease" }] }.',
    });
  if (diversity !== undefined) {
    const { by = 'text' } = DIVERSITY.settings(diversity);
    if (by !== 'text') checkColumn(catalogue.dataset.catalog, by);
  }
  return {
    ...pipeline,
    retrievers: retrievers.map((config) => {
      RETRIEVER.settings(config);
      if (methodOf(config.method).kind !== 'retriever')
        throw new InvalidInputError({
          expected: 'retrievers among the retrievers of the pipeline',
          received: JSON.stringify(config.method),
          hint: 'Move it to rankers: it orders candidates and finds none.',
        });
      return { ...config, settings: filled(config.method, config.settings, effort) };
    }),
    rankers: rankers.map((config) => {
      RANKER.settings(config);
      if (config.method === undefined) {
        if (hasModel) return config;
        throw new InvalidInputError({
          expected: 'a language model for the live ranker of the pipeline',
          received: 'none',
          hint: 'Pass model, or leave the live ranker out.',
        });
      }
      if (methodOf(config.method).kind !== 'ranker')
        throw new InvalidInputError({
          expected: 'rankers among the rankers of the pipeline',
          received: JSON.stringify(config.method),
          hint: 'Move it to retrievers: it finds candidates.',
        });
      return { method: config.method, settings: filled(config.method, config.settings, effort) };
    }),
  };
}

function filled(key: string, given: MethodSettings | undefined, effort: Effort): MethodSettings {
  const settings = settingsOf(key, given, effort);
  checkSettings(methodOf(key), settings);
  return settings;
}

/** The pipeline of one method alone: a ranker orders what the pipeline's retrievers find. */
export function pipelineOf(key: string, pipeline: PipelineConfig, effort: Effort): PipelineConfig {
  const { kind } = methodOf(key);
  const own = { method: key, settings: settingsOf(key, undefined, effort) };
  const { candidates, diversity } = pipeline;
  return kind === 'ranker'
    ? { ...pipeline, rankers: [own] }
    : { retrievers: [{ ...own, asked: 'any' }], rankers: [], candidates, diversity };
}
