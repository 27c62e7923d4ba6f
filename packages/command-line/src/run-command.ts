import { PalateError, printable, printableJson } from '@palate/core';

/** How a command was called, as far as all commands share it. */
export interface RunOptions {
  /** Name of the program, which begins the line of an error. */
  readonly program: string;
  /** Errors are printed as JSON, and no progress is drawn. */
  readonly json?: boolean | undefined;
  /** Progress is written as lines to the error stream, for logs. */
  readonly progress?: boolean | undefined;
}

/** Context of a command beside its own options. */
export interface CommandContext {
  /** Fires at Ctrl-C, and when the process is asked to terminate. */
  readonly signal: AbortSignal;
  /** Writes a line to standard output, without what a terminal would obey. */
  readonly print: (text: string) => void;
  /** Writes a piece of a line to standard output, in the same way. */
  readonly write: (text: string) => void;
  /** Writes a value as JSON to standard output, in the same way. */
  readonly printJson: (value: unknown) => void;
  /** Writes a remark as a line to the error stream. */
  readonly notice: (text: string) => void;
  readonly json: boolean;
  readonly progress: boolean;
}

/** Exit status of a run that Ctrl-C stopped, as shells have it. */
const INTERRUPTED = 130;

/**
 * Runs a command so that errors come out as one readable line (or JSON), and Ctrl-C cancels it cleanly: a second
 * Ctrl-C ends the process at once. The stack of an error that nobody expected is shown where `PALATE_DEBUG` is set.
 */
export async function runCommand(
  options: RunOptions,
  command: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const { program, json = false, progress = false } = options;
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new Error('interrupted'));
    process.stderr.write('stopping; press Ctrl-C again to end at once\n');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onInterrupt);
  try {
    await command({
      signal: controller.signal,
      print: (text) => process.stdout.write(`${printable(text)}\n`),
      write: (text) => process.stdout.write(printable(text)),
      printJson: (value) => process.stdout.write(`${printableJson(value)}\n`),
      notice: (text) => process.stderr.write(`${printable(text)}\n`),
      json,
      progress,
    });
  } catch (error) {
    tell(program, json, error, controller.signal.aborted);
  } finally {
    for (const signal of signals) process.off(signal, onInterrupt);
  }
}

function tell(program: string, json: boolean, error: unknown, isStopped: boolean): void {
  const isOurs = PalateError.is(error);
  if (
    isOurs ? error.code === 'cancelled' : isStopped && (error as Error | undefined)?.name === 'AbortError'
  ) {
    process.stderr.write('stopped; nothing half written is left [cancelled]\n');
    process.exitCode = INTERRUPTED;
    return;
  }
  const code = isOurs ? error.code : ((error as NodeJS.ErrnoException | undefined)?.code ?? 'unexpected');
  const message = printable(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
  if (json)
    process.stdout.write(
      `${printableJson({
        error: isOurs
          ? {
              code,
              message,
              expected: printable(error.expected),
              received: printable(error.received),
              hint: printable(error.hint),
            }
          : { code, message },
      })}\n`,
    );
  else process.stderr.write(`${program}: ${message.replaceAll('\n', ' ')} [${code}]\n`);
  if (isOurs) return;
  if (process.env.PALATE_DEBUG) process.stderr.write(`${printable((error as Error)?.stack ?? '')}\n`);
  else if (code === 'unexpected')
    process.stderr.write(`${program}: this was not expected; PALATE_DEBUG=1 shows where it happened\n`);
}
