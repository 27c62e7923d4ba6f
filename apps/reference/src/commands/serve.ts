import { type CommandLine, namesIn, numberBetween, wholeNumber } from '@palate/command-line';
import { Option } from 'commander';
import { action, type DataOptions, withData } from '../command-options.js';

/** Options of `palate serve`. */
export interface ServeCommandOptions extends DataOptions {
  readonly artifacts?: string | undefined;
  readonly seed: number;
  readonly effort: 'quick' | 'full';
  readonly port: number;
  readonly host: string;
  readonly apiKeys?: string | undefined;
  readonly origins?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly rate?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly feedback?: string | undefined;
  readonly systems?: readonly string[] | undefined;
  readonly ranker?: string | undefined;
  readonly logLevel: string;
}

/** Commander hands over the value of before as well, which is no separator. */
const list = (text: string): string[] => namesIn(text);

/** Adds `palate serve` and `palate api-key`. */
export function registerServe(program: CommandLine, version: string): void {
  withData(program.command('serve'))
    .description('answer over HTTP: JSON interface, page, metrics')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port; 0 for any that is free', wholeNumber(0), 8080)
    .option('--artifacts <folder>', 'where models are kept (default: the cache folder of the user)')
    .option(
      '--feedback <place>',
      'where feedback is kept: a folder, a postgres:// URL, or memory (default: DATABASE_URL, or a folder of the data in the data folder of the user)',
    )
    .option('--api-keys <file>', 'only those with a key of this file may ask')
    .option('--origins <list>', 'origins of pages that may ask from a browser, separated by commas', list)
    .option('--hosts <list>', 'further names under which it may be asked, as by a proxy', list)
    .option('--rate <number>', 'requests of one client in a second', numberBetween(1))
    .option('--concurrency <number>', 'requests under way at once; more are refused', wholeNumber(1), 256)
    .option('--systems <list>', 'systems that find candidates (default: chosen from the data)', list)
    .option('--ranker <name>', 'system that orders candidates')
    .option('--seed <number>', 'seed of all randomness', wholeNumber(0), 0)
    .addOption(
      new Option('--effort <how>', 'training: full takes minutes once, quick shows that all works')
        .choices(['full', 'quick'])
        .default('full'),
    )
    .addOption(
      new Option('--log-level <level>', 'lines of JSON on the error stream, without texts of users')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .action(
      action<ServeCommandOptions>(async () => {
        const { serveCommand } = await import('../server/serve-command.js');
        return (options, context) => serveCommand(options, version, context);
      }),
    );
  program
    .command('api-key')
    .description('make an API key for a client; the file gets its hash alone')
    .argument('<name>', 'who will hold it')
    .requiredOption('--api-keys <file>', 'file of keys, made if missing')
    .action(
      action<{ readonly apiKeys: string }, [string]>(async () => {
        const { addApiKey } = await import('../server/http/api-keys.js');
        return async ({ apiKeys }, { print }, name) => print(await addApiKey(apiKeys, name));
      }),
    );
}
