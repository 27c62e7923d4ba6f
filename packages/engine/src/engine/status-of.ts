import type { OutcomeCounts } from '@palate/core';
import { METHODS } from '../methods/methods.js';
import type { EngineStatus, MethodStatus, RefitStatus } from './engine-status.js';
import type { FeedbackState } from './feedback-state.js';
import type { Effort, PipelineConfig } from './options.js';
import { settingsOf } from './pipeline.js';
import type { Snapshot } from './snapshot.js';

/** Parts that a status is made from. */
export interface StatusParts {
  readonly snapshot: Snapshot;
  readonly feedback: FeedbackState;
  readonly pipeline: PipelineConfig;
  readonly effort: Effort;
  readonly folder: string;
  readonly refit: RefitStatus;
  readonly answered: number;
  readonly outcomes: readonly OutcomeCounts[];
  readonly model: string | undefined;
}

/** The state of an engine as plain JSON. */
export function statusOf(parts: StatusParts): EngineStatus {
  const { snapshot, feedback, pipeline, effort } = parts;
  const { generation, catalogue } = snapshot;
  const { log, name, licence } = generation.dataset;
  const configs = [...pipeline.retrievers, ...(pipeline.rankers ?? [])];
  return {
    version: snapshot.version,
    folder: parts.folder,
    data: {
      name,
      licence,
      users: log.users.size,
      items: catalogue.size,
      interactions: log.length,
      newItems: catalogue.size - log.items.size,
      hasTexts: catalogue.hasTexts,
      hasRatings: log.rating !== undefined,
      hasTimes: log.timeUnit === 'seconds',
      columns: catalogue.dataset.catalog.fields,
    },
    pipeline,
    methods: METHODS.map(({ key, title, kind, package: of, needs }): MethodStatus => {
      const config = configs.find((each) => each.method === key);
      const entry = generation.entries.find(({ method }) => method === key);
      return {
        key,
        title,
        kind,
        package: of,
        needs,
        state: entry?.state ?? 'not fitted',
        isInPipeline: config !== undefined,
        settings: entry?.settings ?? config?.settings ?? settingsOf(key, undefined, effort),
        seconds: entry?.seconds,
        reused: entry?.reused,
      };
    }),
    feedback: {
      events: { ...feedback.kinds },
      users: feedback.users,
      unknownItems: feedback.unknownItems,
    },
    refit: parts.refit,
    answered: parts.answered,
    outcomes: parts.outcomes,
    model: parts.model,
  };
}
