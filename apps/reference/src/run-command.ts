import { PalateError, printable, printableJson } from '@palate/core';

/** Context of a command beside its own options. */
export interface CommandContext {
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
  /** Writes a line to standard output, without what a terminal would obey. */
  readonly print: (text: string) => void;
}

/** Exit status of a run that Ctrl-C stopped, as shells have it. */
const INTERRUPTED = 130;

/**
 * Runs a command so that errors come out as one readable line (or JSON), and Ctrl-C cancels it cleanly: a second
 * Ctrl-C ends the process at once.
 */
export async function runCommand(
  json: boolean,
  command: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new Error('interrupted'));
    process.stderr.write('stopping; press Ctrl-C again to end at once\n');
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    await command({
      signal: controller.signal,
      print: (text) => process.stdout.write(`${printable(text)}\n`),
    });
  } catch (error) {
    if (!PalateError.is(error)) throw error;
    if (error.code === 'cancelled') {
      process.stderr.write('stopped; nothing half written is left\n');
      process.exitCode = INTERRUPTED;
      return;
    }
    if (json)
      process.stdout.write(
        `${printableJson({ error: { code: error.code, message: printable(error.message) } })}\n`,
      );
    else process.stderr.write(`palate: ${printable(error.message)} [${error.code}]\n`);
    process.exitCode = 1;
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}
