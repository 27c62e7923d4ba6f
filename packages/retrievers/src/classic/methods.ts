import type {
  Dataset,
  LongCallOptions,
  OptionDeclaration,
  OptionSet,
  Retriever,
  Saveable,
} from '@palate/core';
import { BPR_MF, BprMf } from './bpr-mf.js';
import { BPR_SLIM, BprSlim } from './bpr-slim.js';
import { EASE, Ease } from './ease.js';
import { IMPLICIT_ALS, ImplicitAls } from './implicit-als.js';
import { ITEM_KNN, ItemKnn } from './item-knn.js';
import { POPULARITY, PopularityRetriever } from './popularity.js';
import { RANDOM, RandomRetriever } from './random.js';
import { USER_KNN, UserKnn } from './user-knn.js';

/** A retriever that needs the interactions alone, as registries and tables read it. */
export interface ClassicMethod {
  /** Name in commands, configurations and folders: lower case, joined by hyphens. */
  readonly key: string;
  /** What it uses, in a few words. */
  readonly title: string;
  readonly options: OptionSet<
    Readonly<Record<string, OptionDeclaration<unknown, 'required' | 'defaulted' | 'optional'>>>
  >;
  /** True where the seed changes nothing. */
  readonly deterministic: boolean;
  /** True where a query's history changes nothing. */
  readonly ignoresHistory?: boolean | undefined;
  /** True where a score of 0 says that nothing speaks for an item. */
  readonly zeroIsNothing?: boolean | undefined;
  /** Settings that show that it works, where the defaults take their time. */
  readonly quick?: Readonly<Record<string, number>> | undefined;
  readonly of: {
    fit(dataset: Dataset, options: LongCallOptions): Promise<Retriever & Saveable>;
    load(dir: string): Promise<Retriever & Saveable>;
  };
}

/**
 * Every retriever that counts, compares or factorises interactions: the one list from which `@palate/engine`, the apps,
 * the conformance runs and the tables take them. A new one is its file and one entry (`pnpm new retriever NAME`).
 */
export const CLASSIC_METHODS: readonly ClassicMethod[] = [
  {
    key: 'random',
    title: 'by chance, the floor of every comparison',
    of: RandomRetriever,
    options: RANDOM,
    deterministic: false,
    ignoresHistory: true,
  },
  {
    key: 'popularity',
    title: 'what most have chosen',
    of: PopularityRetriever,
    options: POPULARITY,
    deterministic: true,
    ignoresHistory: true,
  },
  {
    key: 'item-knn',
    title: 'items chosen together',
    of: ItemKnn,
    options: ITEM_KNN,
    deterministic: true,
    zeroIsNothing: true,
  },
  {
    key: 'user-knn',
    title: 'people with the same choices',
    of: UserKnn,
    options: USER_KNN,
    deterministic: true,
    zeroIsNothing: true,
  },
  { key: 'ease', title: 'linear autoencoder', of: Ease, options: EASE, deterministic: true },
  {
    key: 'ials',
    title: 'matrix factorisation',
    of: ImplicitAls,
    options: IMPLICIT_ALS,
    deterministic: false,
    quick: { factors: 32, iterations: 3 },
  },
  { key: 'bpr', title: 'pairwise matrix factorisation', of: BprMf, options: BPR_MF, deterministic: false },
  {
    key: 'bpr-slim',
    title: 'pairwise learned item neighbours',
    of: BprSlim,
    options: BPR_SLIM,
    deterministic: false,
  },
];
