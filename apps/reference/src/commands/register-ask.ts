import { type CommandLine, numberBetween, wholeNumber } from '@palate/command-line';
import { Option } from 'commander';
import { action, withFitting, withPrinting } from '../command-options.js';

const ask = () => import('./ask.js');

/** Adds `--filter`, which may be given several times. */
const withFilter = (command: CommandLine): CommandLine =>
  command.option(
    '--filter <condition>',
    'only items such as "category=Tea|Coffee" or "price<=20"; several conditions must all hold',
    (condition: string, before: readonly string[] | undefined) => [...(before ?? []), condition],
  );

/** Adds the options by which somebody is named. */
const withAsker = (command: CommandLine): CommandLine =>
  command
    .option('--user <id>', 'a user of the data set')
    .option('--history <titles>', 'titles or ids, separated by semicolons')
    .option('--profile, --text <words>', 'what is wanted, in words');

const withSystem = (command: CommandLine): CommandLine =>
  command.option('--system <name>', 'one method of `palate systems`, instead of the pipeline');

const K = ['--k <number>', 'how many', wholeNumber(1), 10] as const;

/** Adds the commands that ask the engine something. */
export function registerAsk(program: CommandLine): void {
  withFilter(withSystem(withAsker(withPrinting(withFitting(program.command('recommend'))))))
    .description('recommend for a user of the data, for a list of titles, or for a request in words')
    .option(...K)
    .option('--explain', 'give a reason for each item, and say where each part comes from')
    .option('--exclude <titles>', 'titles or ids to leave out, separated by semicolons')
    .option('--candidates <titles>', 'choose only from these, separated by semicolons')
    .option('--diversity <share>', 'weight of diversity beside the order, from 0 to 1', numberBetween(0, 1))
    .action(action(async () => (await import('./recommend.js')).recommendCommand));
  withFilter(withPrinting(withFitting(program.command('similar'))))
    .description('find similar items')
    .argument('<item>', 'title or id')
    .option(...K)
    .addOption(
      new Option('--by <what>', 'by what is chosen together, by texts, or by walks in the graph').choices([
        'use',
        'text',
        'graph',
      ]),
    )
    .action(action(async () => (await ask()).similarCommand));
  withFilter(withPrinting(withFitting(program.command('search'))))
    .description('find items by words of titles and texts; titles may be incomplete or misspelt')
    .argument('<words>', 'words to search for')
    .option(...K)
    .action(action(async () => (await ask()).searchCommand));
  withSystem(withAsker(withPrinting(withFitting(program.command('rank')))))
    .description('rank items for a user')
    .argument('<titles>', 'titles or ids, separated by semicolons')
    .option('--k <number>', 'how many (default: all)', wholeNumber(1))
    .option('--explain', 'give a reason for each item')
    .action(action(async () => (await ask()).rankCommand));
  withAsker(withPrinting(withFitting(program.command('explain'))))
    .description('explain why an item suits a user')
    .argument('<item>', 'title or id')
    .action(action(async () => (await ask()).explainCommand));
  withPrinting(program.command('systems'))
    .description('list every method that --system takes')
    .action(action(async () => (await import('./systems.js')).systemsCommand));
}
