import type { JsonRecord } from '@palate/datasets';
import { isText, isTexts, readRecords } from './read-records.js';

/**
 * Factual knowledge of a film, 41 to 54 words, written by a language model from title and year (KAR's item
 * prompt; LLM-Rec's "infer"). Not fact-checked.
 */
export interface ItemKnowledge {
  /** IMDb number. */
  readonly item: string;
  /** How well the model knows the film; `low` texts are inferred from title, year and genres. */
  readonly confidence: 'high' | 'medium' | 'low';
  readonly text: string;
}

/** Three to eight tags of a film (LLM-Rec's "tag"). */
export interface ItemTags {
  readonly item: string;
  readonly tags: readonly string[];
}

/**
 * Texts about what a film has in common with its nearest neighbours (LLM-Rec's engagement-guided prompt), in the
 * graph without each user's last two interactions: `engagementProvenance` says so to evaluation, which refuses it in
 * other splits.
 */
export interface ItemEngagement {
  readonly item: string;
  /** IMDb numbers of the neighbours that the model was shown. */
  readonly neighbours: readonly string[];
  readonly text: string;
}

/** Preference reasoning on a user of the 5-core (KAR's user prompt, PALR's profile). */
export interface UserKnowledge {
  readonly user: string;
  /** The model saw the first `n` of the user's time-ordered 5-core interactions: samples must lie after them. */
  readonly n: number;
  readonly keywords: readonly string[];
  readonly avoid: readonly string[];
  readonly text: string;
}

/**
 * A request as the user would post it on a film forum (Mint's query authoring), written by a language model: ages, jobs
 * and families in it are invented, and most lean on the films' plots more than real posts do. `narrativeProvenance`
 * says what it knows of interactions.
 */
export interface NarrativeRequest {
  readonly user: string;
  /**
   * One to eight films that the request was written from: rated at least 8 and at least the user's mean, without
   * the last two interactions. None is named in it.
   */
  readonly items: readonly string[];
  readonly text: string;
}

const readKnowledge = <T>(name: string, isRecord: (record: JsonRecord) => boolean): Promise<T[]> =>
  readRecords(`knowledge-${name}`, isRecord);

/** Knowledge of the 2,414 films of the 5-core. */
export function loadItemKnowledge(): Promise<ItemKnowledge[]> {
  return readKnowledge(
    'items',
    ({ item, confidence, text }) =>
      isText(item) && ['high', 'medium', 'low'].includes(String(confidence)) && isText(text),
  );
}

/** Tags of the 2,414 films of the 5-core. */
export function loadTags(): Promise<ItemTags[]> {
  return readKnowledge('tags', ({ item, tags }) => isText(item) && isTexts(tags));
}

/** Engagement-guided texts of the 2,414 films of the 5-core. */
export function loadEngagement(): Promise<ItemEngagement[]> {
  return readKnowledge(
    'engagement',
    ({ item, neighbours, text }) => isText(item) && isTexts(neighbours) && isText(text),
  );
}

/** Preference reasoning on the 4,333 users of the 5-core. */
export function loadUserKnowledge(): Promise<UserKnowledge[]> {
  return readKnowledge(
    'users',
    ({ user, n, keywords, avoid, text }) =>
      isText(user) && Number.isInteger(n) && isTexts(keywords) && isTexts(avoid) && isText(text),
  );
}

/** 2,280 narrative requests, each of another user: the first 480 of one making, the rest of a second. */
export function loadNarratives(): Promise<NarrativeRequest[]> {
  return readKnowledge(
    'narratives',
    ({ user, items, text }) => isText(user) && isTexts(items) && isText(text),
  );
}
