import { checkChoice, checkNumber, checkOptions, InvalidInputError } from '@palate/core';
import type { MethodSettings } from '../methods/method.js';
import { checkSettings, methodOf } from '../methods/methods.js';
import { checkColumn, type LiveCatalogue } from './live-catalogue.js';
import type { Effort, PipelineConfig } from './options.js';

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
  checkOptions('the pipeline', pipeline, ['retrievers', 'fusion', 'candidates', 'rankers', 'diversity']);
  const { retrievers, fusion, candidates, rankers = [], diversity } = pipeline;
  if (!Array.isArray(retrievers) || retrievers.length === 0)
    throw new InvalidInputError({
      expected: 'at least one retriever in the pipeline',
      received: JSON.stringify(retrievers) ?? 'nothing',
      hint: 'For example { retrievers: [{ method: "ease" }] }.',
    });
  if (fusion !== undefined) checkChoice('fusion', fusion, ['reciprocal-rank']);
  if (candidates !== undefined) checkNumber('candidates', candidates, { min: 1, max: 1000, integer: true });
  if (diversity !== undefined) {
    checkOptions('diversity of the pipeline', diversity, ['lambda', 'by']);
    checkNumber('lambda', diversity.lambda, { min: 0, max: 1 });
    if (diversity.by !== undefined && diversity.by !== 'text')
      checkColumn(catalogue.dataset.catalog, diversity.by);
  }
  return {
    ...pipeline,
    retrievers: retrievers.map((config) => {
      checkOptions('a retriever of the pipeline', config, ['method', 'settings', 'weight', 'asked']);
      if (methodOf(config.method).kind !== 'retriever')
        throw new InvalidInputError({
          expected: 'retrievers among the retrievers of the pipeline',
          received: JSON.stringify(config.method),
          hint: 'Move it to rankers: it orders candidates and finds none.',
        });
      if (config.weight !== undefined) checkNumber('weight', config.weight, { min: 0 });
      if (config.asked !== undefined) checkChoice('asked', config.asked, ['history', 'text', 'any']);
      return { ...config, settings: filled(config.method, config.settings, effort) };
    }),
    rankers: rankers.map((config) => {
      checkOptions('a ranker of the pipeline', config, ['method', 'settings', 'live']);
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
