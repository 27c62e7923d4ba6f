import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { HostAnswer, HostCallOptions } from '../host/engine-host.js';
import type { Operation } from '../host/protocol.js';
import type { Jobs, JobView } from '../jobs.js';
import type { Admission } from './admission.js';
import type { ApiKeys } from './api-keys.js';
import type { ServerMetrics } from './metrics.js';
import type { PageFile } from './page-files.js';

/** Asks the engine. */
export interface EngineCaller {
  call(operation: Operation, argument?: unknown, options?: HostCallOptions): Promise<HostAnswer>;
}

/** Starts jobs; one that runs already is given instead of a second. */
interface JobStarter {
  refit(): JobView;
  fit(system: string): JobView;
}

/** Values that travel with a request. */
interface Variables {
  /** Name of the request in logs and answers. */
  requestId: string;
  /** Name of the key's holder. */
  client?: string;
}

/** Environment of the app. */
export interface AppEnv {
  Bindings: HttpBindings;
  Variables: Variables;
}

/** Parts that the app answers from. */
export interface AppParts {
  readonly version: string;
  readonly engine: EngineCaller;
  readonly jobs: Jobs;
  readonly start: JobStarter;
  readonly admission: Admission;
  readonly metrics: ServerMetrics;
  readonly log: Logger;
  readonly page: ReadonlyMap<string, PageFile>;
  /** Folder of the committed benchmark tables. */
  readonly benchmarks: string;
  readonly keys?: ApiKeys | undefined;
  /** Origins of pages that may ask from a browser. */
  readonly origins: readonly string[];
  /** Names under which the server may be asked, ports aside; any if undefined. */
  readonly hosts?: ReadonlySet<string> | undefined;
  /** Whether the models are ready. */
  readonly isReady: () => boolean;
  /** Fires when the server shuts down. */
  readonly closing: AbortSignal;
}
