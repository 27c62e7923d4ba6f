import { type EverybodyReport, scoreEverybody } from '@palate/engine';
import type { Job } from '@palate/jobs';
import type { FittingOptions } from '../command-options.js';
import { withEngine } from '../engine/open-engine.js';
import { sinkOf } from './list-place.js';

/** A share of everybody's lists, for a worker: all in it is found on the worker's own machine. */
export interface ShareToScore extends FittingOptions {
  readonly out: string;
  readonly k: number;
  readonly system?: string | undefined;
  readonly block: number;
  readonly shard: { readonly part: number; readonly of: number };
  /** Name of the run: another run makes all lists anew. */
  readonly run: string;
}

/** A worker has no terminal to draw on. */
const QUIET = {
  print: () => undefined,
  write: () => undefined,
  printJson: () => undefined,
  notice: () => undefined,
  json: true,
  progress: false,
};

/** Finds the lists of a share of the users. Begun again it goes on after the last whole block. */
export const SCORE_SHARE: Job<ShareToScore, EverybodyReport> = {
  name: 'score-share',
  run: async (share, { signal }) => {
    const { k, system, block, shard, out } = share;
    const sink = await sinkOf(out, () => undefined);
    try {
      return await withEngine({ ...share, isLive: false }, { ...QUIET, signal }, ({ engine }) =>
        scoreEverybody(engine, sink, { k, system, shard, blockSize: block, signal }),
      );
    } finally {
      await sink.close();
    }
  },
};
