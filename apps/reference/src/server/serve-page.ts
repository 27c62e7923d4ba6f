import type { CommandContext } from '@palate/command-line';
import { InvalidInputError } from '@palate/core';
import { pino } from 'pino';
import { VERSION } from '../version.js';
import type { EngineSettings } from './host/protocol.js';
import { type RunningServer, serve } from './serve.js';
import { answering } from './serve-command.js';

/** Port of the page where it is free. */
const PORT = 8080;

/** Serves the page on this machine alone, until the signal fires. */
export async function servePage(engine: EngineSettings, { signal, print }: CommandContext): Promise<void> {
  const on = (port: number): Promise<RunningServer> =>
    serve({
      version: VERSION,
      engine,
      host: '127.0.0.1',
      port,
      feedback: process.env.DATABASE_URL,
      log: pino({ level: 'warn', base: null }, pino.destination({ fd: 2, sync: true })),
    });
  const server = await on(PORT).catch((error: unknown) => {
    const isTaken =
      error instanceof InvalidInputError && (error.cause as NodeJS.ErrnoException)?.code === 'EADDRINUSE';
    if (!isTaken) throw error;
    return on(0);
  });
  print(`\nThe page:      ${server.url}   (Ctrl-C ends it)`);
  await answering(server, signal, () => undefined);
}
