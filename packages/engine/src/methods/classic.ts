import { type Dataset, defineOptions, type LongCallOptions } from '@palate/core';
import {
  BPR_MF,
  BprMf,
  EASE,
  Ease,
  IMPLICIT_ALS,
  ImplicitAls,
  ITEM_KNN,
  ItemKnn,
  POPULARITY,
  PopularityRetriever,
  RandomRetriever,
  USER_KNN,
  UserKnn,
} from '@palate/retrievers';
import { callOptions } from './fit-options.js';
import type { FittedMethod, Method } from './method.js';

/** A class of the retrievers' package, which needs the interactions alone. */
interface ClassicClass {
  fit(dataset: Dataset, options: LongCallOptions): Promise<FittedMethod>;
  load(dir: string): Promise<FittedMethod>;
}

type Entry = Pick<Method, 'key' | 'title' | 'options' | 'deterministic'> &
  Partial<Pick<Method, 'needs' | 'zeroIsNothing'>>;

function classic(of: ClassicClass, entry: Entry): Method {
  return {
    package: '@palate/retrievers',
    kind: 'retriever',
    needs: ['history'],
    ...entry,
    fit: (dataset, settings, context) => of.fit(dataset, { ...settings, ...callOptions(context) }),
    load: (dir) => of.load(dir),
  };
}

/** Methods that count, compare and factorise interactions. */
export const CLASSIC: readonly Method[] = [
  classic(RandomRetriever, {
    key: 'random',
    title: 'by chance, the floor of every comparison',
    options: defineOptions('RandomRetriever.fit', {}),
    deterministic: false,
    needs: [],
  }),
  classic(PopularityRetriever, {
    key: 'popularity',
    title: 'what most have chosen',
    options: POPULARITY,
    deterministic: true,
    needs: [],
  }),
  classic(ItemKnn, {
    key: 'item-knn',
    title: 'items chosen together',
    options: ITEM_KNN,
    deterministic: true,
    zeroIsNothing: true,
  }),
  classic(UserKnn, {
    key: 'user-knn',
    title: 'people with the same choices',
    options: USER_KNN,
    deterministic: true,
    zeroIsNothing: true,
  }),
  classic(Ease, { key: 'ease', title: 'linear autoencoder', options: EASE, deterministic: true }),
  classic(ImplicitAls, {
    key: 'ials',
    title: 'matrix factorisation',
    options: IMPLICIT_ALS,
    deterministic: false,
  }),
  classic(BprMf, {
    key: 'bpr',
    title: 'pairwise matrix factorisation',
    options: BPR_MF,
    deterministic: false,
  }),
];
