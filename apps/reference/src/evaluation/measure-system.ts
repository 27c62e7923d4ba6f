import {
  type Dataset,
  type InteractionLog,
  LeakError,
  type LongCallOptions,
  PalateError,
} from '@palate/core';
import {
  type FittedMethod,
  type ItemKnowledge,
  type Method,
  type MethodSettings,
  methodContext,
} from '@palate/engine';
import { evaluateRanking, type RankingResult } from '@palate/eval';

/** A result with the texts of a language model that were read for it. */
export type MeasuredSystem = RankingResult & { readonly knowledge?: string | undefined };

/** Data that a system is measured on, and the way it is measured. */
export interface Measuring extends LongCallOptions {
  readonly train: Dataset;
  /** Interactions that systems are told at the test. */
  readonly history: InteractionLog;
  readonly test: InteractionLog;
  /** The rule of the split in words. */
  readonly split: string;
  readonly metrics: readonly string[];
  /** Folder of encoded texts. */
  readonly folder: string;
  readonly knowledge?: ItemKnowledge | undefined;
  readonly effort: 'full' | 'quick';
  readonly seed: number;
  readonly settings: MethodSettings;
  readonly perUser: boolean;
}

/** Fits a system and measures how well the test is found. */
export async function measureSystem(system: Method, options: Measuring): Promise<MeasuredSystem> {
  const {
    train,
    history,
    test,
    split,
    metrics,
    folder,
    knowledge,
    effort,
    seed,
    settings,
    perUser,
    signal,
    onProgress,
  } = options;
  // Encoded texts are kept; what is fitted on a part of the data is not.
  const fitting = methodContext(train, { folder, knowledge, effort, seed, signal, onProgress });
  const told = toldTo(system, knowledge);
  let retriever: FittedMethod | undefined;
  try {
    retriever = await system.fit(train, settings, fitting);
    const result = await evaluateRanking(
      retriever,
      { history, train: train.log, test },
      { metrics, split, seed, signal, onProgress, perUser },
    );
    return told === '' ? result : { ...result, knowledge: told };
  } catch (error) {
    throw told === '' ? error : withoutKnowledge(error);
  } finally {
    retriever?.dispose?.();
  }
}

/** Texts of the knowledge that a method is given. */
function toldTo({ needs, kind }: Method, knowledge: ItemKnowledge | undefined): string {
  const { items, source = 'texts beside the catalogue', profiles, profileSource } = knowledge ?? {};
  return [
    ...(items && needs.includes('item texts') ? [source] : []),
    ...(profiles && kind === 'ranker' ? [profileSource ?? 'profiles'] : []),
  ].join('; ');
}

/** The refusal of a leak, with what can be done about it here. */
function withoutKnowledge(error: unknown): unknown {
  if (!PalateError.is(error) || error.code !== 'leak') return error;
  const { expected, received, cause } = error;
  return new LeakError({
    expected,
    received,
    hint: '`--no-knowledge` measures without the texts of `palate knowledge`; texts from the earlier part of histories (`palate knowledge run` without --latest) and from the catalogue do not contain the test.',
    cause,
  });
}
