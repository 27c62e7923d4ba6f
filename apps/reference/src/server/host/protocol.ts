import type { AddedItem, FeedbackRecord, Progress, StoredFeedback, StoredItem } from '@palate/core';

/** Operations that the engine's thread can be asked for: calls of the engine by their names, and some that are put together there. */
export type Operation =
  | 'recommend'
  | 'recommendBatch'
  | 'similar'
  | 'rank'
  | 'search'
  | 'explain'
  | 'explainStream'
  | 'feedback'
  | 'addItems'
  | 'item'
  | 'items'
  | 'findItems'
  | 'user'
  | 'status'
  | 'systems'
  | 'map'
  | 'hasMap'
  | 'prepare'
  | 'fit'
  | 'refit'
  | 'models'
  | 'removeModels'
  | 'catchUp';

/** Which engine a thread opens. */
export interface EngineSettings {
  /** Data set: a name or a folder. */
  readonly data: string;
  /** Folder of the models. Default: the engine's. */
  readonly folder?: string | undefined;
  readonly seed: number;
  readonly effort: 'quick' | 'full';
  /** Keys of the registry: retrievers of the pipeline. Default: chosen from the data. */
  readonly retrievers?: readonly string[] | undefined;
  /** Key of the ranker of the pipeline. Default: none. */
  readonly ranker?: string | undefined;
  /** True for a thread that fits beside the one that answers: the system gives it what is left of the processor. */
  readonly isBackground?: boolean | undefined;
}

/** An error as it goes from one thread to the other. */
export interface SentError {
  readonly code: string;
  readonly message: string;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly hint?: string | undefined;
  readonly isRetryable?: boolean | undefined;
}

/** Calls to the feedback store, which lives in the main thread. */
export type StoreCall =
  | { readonly operation: 'append'; readonly records: readonly FeedbackRecord[] }
  /** A page of records after a sequence number. */
  | { readonly operation: 'read'; readonly after: number }
  /** Whether the store keeps items that are added, too. */
  | { readonly operation: 'hasItems' }
  | { readonly operation: 'appendItems'; readonly items: readonly AddedItem[] }
  | { readonly operation: 'readItems'; readonly after: number };

/** Records of a page at most. */
export const STORE_PAGE = 2000;

/** Messages of the main thread to the engine's. */
export type ToEngine =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly operation: Operation;
      readonly argument: unknown;
    }
  | { readonly kind: 'cancel'; readonly id: number }
  | {
      readonly kind: 'stored';
      readonly id: number;
      readonly stored?: number | undefined;
      readonly page?: readonly StoredFeedback[] | undefined;
      readonly hasItems?: boolean | undefined;
      readonly items?: readonly StoredItem[] | undefined;
      readonly error?: SentError | undefined;
    }
  | { readonly kind: 'close' };

/** Messages of the engine's thread to the main thread. */
export type FromEngine =
  /** The data are loaded: the feedback that belongs to them may be opened. */
  | { readonly kind: 'data'; readonly name: string; readonly fingerprint: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly error: SentError }
  /** The answer as the bytes of its JSON, so that nobody copies it again. */
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly json: Uint8Array;
      readonly batch?: number | undefined;
    }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'piece'; readonly id: number; readonly text: string }
  /** Of a call, or of the fits that no call alone asked for. */
  | { readonly kind: 'progress'; readonly id?: number | undefined; readonly progress: Progress }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'store'; readonly id: number; readonly call: StoreCall };
