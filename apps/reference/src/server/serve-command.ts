import { once } from 'node:events';
import type { CommandContext } from '@palate/command-line';
import { pino } from 'pino';
import type { FittingOptions } from '../command-options.js';
import { modelFolder } from '../engine/model-folder.js';
import { VERSION } from '../version.js';
import { isLoopback } from './http/hosts.js';
import { type RunningServer, type ServeOptions, serve } from './serve.js';

/** Options of `palate serve`. */
interface ServeCommandOptions
  extends FittingOptions,
    Pick<
      ServeOptions,
      'host' | 'port' | 'apiKeys' | 'origins' | 'hosts' | 'rate' | 'concurrency' | 'feedback' | 'queue'
    > {
  readonly systems?: readonly string[] | undefined;
  readonly ranker?: string | undefined;
  readonly logLevel: string;
}

/** `palate serve`: answers over HTTP until it is asked to terminate. */
export async function serveCommand(
  options: ServeCommandOptions,
  { signal, print, notice }: CommandContext,
): Promise<void> {
  const log = pino({ level: options.logLevel, base: null }, pino.destination({ fd: 2, sync: false }));
  const server = await serve({
    version: VERSION,
    engine: {
      data: options.data,
      folder: modelFolder(options),
      seed: options.seed,
      effort: options.effort,
      retrievers: options.systems,
      ranker: options.ranker,
    },
    host: options.host,
    port: options.port,
    apiKeys: options.apiKeys,
    origins: options.origins,
    hosts: options.hosts,
    rate: options.rate,
    concurrency: options.concurrency,
    feedback: options.feedback ?? process.env.DATABASE_URL,
    queue: options.queue ?? (process.env.REDIS_URL || undefined),
    log,
  });
  if (options.apiKeys === undefined && !isLoopback(options.host))
    notice('anybody who reaches this address may ask and give feedback; --api-keys requires a key');
  await answering(server, signal, print);
  log.flush();
}

/** Says where a server answers, and lets it until the signal fires. */
export async function answering(
  server: RunningServer,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<void> {
  print(`listening on ${server.url}`);
  try {
    const told = signal.aborted ? Promise.resolve() : once(signal, 'abort');
    await Promise.race([server.ready, told]);
    if (!signal.aborted) print('ready');
    await told;
  } finally {
    await server.close();
  }
}
