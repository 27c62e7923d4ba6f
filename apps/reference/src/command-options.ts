import { type CommandContext, type CommandLine, runCommand, wholeNumber } from '@palate/command-line';
import { Option } from 'commander';
import { BUNDLED } from './bundled.js';

/** Options that every command with a data set has. */
export interface DataOptions {
  /** Name of a data set, or its folder. */
  readonly data: string;
}

/** Options that every command with fitted systems has. */
export interface FittingOptions extends DataOptions {
  /** Where fitted systems are kept. Default: the user's cache folder. */
  readonly artifacts?: string | undefined;
  readonly seed: number;
  /** How much is trained and read. */
  readonly effort: 'full' | 'quick';
}

/** Options that every command has. */
export interface PrintingOptions {
  readonly json?: boolean | undefined;
  readonly progress?: boolean | undefined;
}

/** Adds `--data`. */
export function withData(command: CommandLine): CommandLine {
  return command.option(
    '--data <folder>',
    'data set: a folder that `palate import` wrote, or a name that `palate datasets` lists',
    BUNDLED,
  );
}

/** Adds `--seed` and `--effort`. */
export function withTraining(command: CommandLine): CommandLine {
  return command
    .option('--seed <number>', 'seed of all randomness', wholeNumber(0), 0)
    .addOption(
      new Option(
        '--effort <how>',
        'full takes minutes once; quick is for trying things out: little training, only the beginnings of texts',
      )
        .choices(['full', 'quick'])
        .default('full'),
    );
}

/** Adds `--data`, `--artifacts`, `--seed` and `--effort`. */
export function withFitting(command: CommandLine): CommandLine {
  return withTraining(
    withData(command).option('--artifacts <folder>', 'folder of fitted systems (default: your cache folder)'),
  );
}

/** Adds `--json` and `--progress`. */
export function withPrinting(command: CommandLine): CommandLine {
  return command
    .option('--json', 'print JSON')
    .option('--progress', 'write progress as lines to standard error, for logs');
}

/**
 * The action of a command, whose parts are loaded when it runs: errors in one line, Ctrl-C as a signal.
 *
 * @param load - imports what does the work
 */
export function action<O extends object, A extends readonly string[] = []>(
  load: () => Promise<(options: O, context: CommandContext, ...given: A) => Promise<void>>,
): (...parameters: unknown[]) => Promise<void> {
  // Commander hands over the arguments, then the options, then the command.
  return (...parameters) => {
    const options = parameters.at(-2) as O;
    const given = parameters.slice(0, -2) as readonly string[] as A;
    return runCommand({ program: 'palate', ...(options as PrintingOptions) }, async (context) =>
      (await load())(options, context, ...given),
    );
  };
}
