import type { OutcomeCounts } from '@palate/core';
import type { MethodNeed, MethodSettings } from '../methods/method.js';
import type { ModelState } from './generation.js';
import type { PipelineConfig } from './options.js';

/** A method of the registry, as far as it is fitted on this data. */
export interface MethodStatus {
  readonly key: string;
  readonly title: string;
  readonly kind: 'retriever' | 'ranker';
  readonly package: string;
  readonly needs: readonly MethodNeed[];
  readonly state: ModelState;
  readonly isInPipeline: boolean;
  readonly settings: MethodSettings;
  /** Seconds that reading or fitting took. */
  readonly seconds?: number | undefined;
  /** True if it was read, false if it was fitted. */
  readonly reused?: boolean | undefined;
}

/** State of the refit. */
export interface RefitStatus {
  readonly state: 'none' | 'running' | 'done' | 'failed' | 'cancelled';
  /** Seconds since 1970 at which the last one began, and ended. */
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** Message of the last failure. */
  readonly error?: string | undefined;
}

/** State of an engine: plain JSON. */
export interface EngineStatus {
  readonly version: string;
  readonly folder: string;
  readonly data: {
    readonly name: string;
    readonly licence: string;
    readonly users: number;
    readonly items: number;
    readonly interactions: number;
    /** Items that came after the fit. */
    readonly newItems: number;
    readonly hasTexts: boolean;
    readonly hasRatings: boolean;
    readonly hasTimes: boolean;
    readonly columns: readonly string[];
  };
  readonly pipeline: PipelineConfig;
  readonly methods: readonly MethodStatus[];
  readonly feedback: {
    /** Events by kind. */
    readonly events: Readonly<Record<string, number>>;
    readonly users: number;
    /** Events of items that nobody knows, which count for nothing. */
    readonly unknownItems: number;
  };
  readonly refit: RefitStatus;
  /** Requests answered since the engine was opened. */
  readonly answered: number;
  readonly outcomes: readonly OutcomeCounts[];
  /** Name of the language model, where there is one. */
  readonly model?: string | undefined;
}
