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
      .option('--artifacts <folder>', 'folder of models (default: the user’s cache folder)')
      .option(
        '--feedback <place>',
        'store of feedback: a folder, a postgres:// URL, or memory (default: DATABASE_URL, or a folder for the data in the user’s data folder)',
      )
      .option('--queue <url>', 'redis://… of the workers whose jobs the page shows (default: REDIS_URL)')
      .option('--api-keys <file>', 'require an API key of this file')
      .option('--origins <list>', 'origins of pages that may ask from a browser, separated by commas', list)
      .option('--hosts <list>', 'further host names to answer to, for example a proxy’s', list)
      .option('--rate <number>', 'requests per client and second', numberBetween(1))
      .option('--concurrency <number>', 'concurrent requests; more are rejected', wholeNumber(1), 256)
      .option('--systems <list>', 'systems that find candidates (default: chosen by the data)', list)
      .option('--ranker <name>', 'system that ranks candidates'),
  )
    .addOption(
      new Option('--log-level <level>', 'lines of JSON on standard error, without texts of users')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .action(action(async () => (await import('../server/serve-command.js')).serveCommand));
  program
    .command('api-key')
    .description('create an API key for a client; the file gets only its hash')
    .argument('<name>', 'name of the client')
    .requiredOption('--api-keys <file>', 'file of keys, created if missing')
    .action(
      action<{ readonly apiKeys: string }, [string]>(async () => {
        const { addApiKey } = await import('../server/http/api-keys.js');
        return async ({ apiKeys }, { print }, name) => print(await addApiKey(apiKeys, name));
      }),
    );
}
