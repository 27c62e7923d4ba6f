import { type CommandLine, namesIn, numberBetween, wholeNumber } from '@palate/command-line';
import { Option } from 'commander';
import { action, withData, withTraining } from '../command-options.js';

/** Commander hands over the value of before as well, which is no separator. */
const list = (text: string): string[] => namesIn(text);

/** Adds `palate serve` and `palate api-key`. */
export function registerServe(program: CommandLine): void {
  withTraining(
    withData(program.command('serve'))
      .description('answer over HTTP: JSON interface, page, metrics')
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <number>', 'port; 0 for any that is free', wholeNumber(0, 65_535), 8080)
      .option('--artifacts <folder>', 'where models are kept (default: the cache folder of the user)')
      .option(
        '--feedback <place>',
        'where feedback is kept: a folder, a postgres:// URL, or memory (default: DATABASE_URL, or a folder of the data in the data folder of the user)',
      )
      .option('--queue <url>', 'redis://… of the workers whose jobs the page shows (default: REDIS_URL)')
      .option('--api-keys <file>', 'only those with a key of this file may ask')
      .option('--origins <list>', 'origins of pages that may ask from a browser, separated by commas', list)
      .option('--hosts <list>', 'further names under which it may be asked, as by a proxy', list)
      .option('--rate <number>', 'requests of one client in a second', numberBetween(1))
      .option('--concurrency <number>', 'requests under way at once; more are refused', wholeNumber(1), 256)
      .option('--systems <list>', 'systems that find candidates (default: chosen from the data)', list)
      .option('--ranker <name>', 'system that orders candidates'),
  )
    .addOption(
      new Option('--log-level <level>', 'lines of JSON on the error stream, without texts of users')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .action(action(async () => (await import('../server/serve-command.js')).serveCommand));
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
