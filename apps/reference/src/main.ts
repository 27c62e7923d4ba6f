import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { datasetsCommand } from './commands/datasets.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { fitCommand } from './commands/fit.js';
import { recommendCommand } from './commands/recommend.js';
import { semanticIdsCommand } from './commands/semantic-ids.js';
import { startCommand } from './commands/start.js';
import { BUNDLED } from './data.js';
import { runCommand } from './run-command.js';
import { SYSTEMS } from './systems.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    return value;
  };
}

const names = SYSTEMS.map(({ key }) => key).join(', ');
const program = new Command('palate')
  .description('Recommends films, and anything else: fit, recommend, evaluate and inspect.')
  .version(version)
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

const withData = (command: Command): Command =>
  command.option('--data <name>', 'data set: bundled, or one that `palate datasets` lists', BUNDLED);
const withArtifacts = (command: Command): Command =>
  command
    .option('--artifacts <folder>', 'where fitted systems are kept', '.palate')
    .option('--seed <number>', 'seed of all randomness', wholeNumber(0), 0);
const withEffort = (command: Command): Command =>
  command.addOption(
    new Option(
      '--effort <how>',
      'training of the assistant: full takes minutes once, quick shows that all works',
    )
      .choices(['full', 'quick'])
      .default('full'),
  );
const withJson = (command: Command): Command => command.option('--json', 'print JSON');

withEffort(withJson(withArtifacts(withData(program.command('recommend')))))
  .description('recommend to a user of the data, or to anybody from a list of titles')
  .option('--user <id>', 'a user of the data set')
  .option('--history <titles>', 'titles separated by semicolons')
  .option('--k <number>', 'how many', wholeNumber(1), 10)
  .option('--system <name>', `one of ${names}`, 'ease')
  .option('--profile <words>', 'what is wanted, in words; answered with reasons')
  .option('--explain', 'give a reason for each film')
  .action((options) => runCommand(options.json === true, (context) => recommendCommand(options, context)));

withJson(withArtifacts(withData(program.command('fit'))))
  .description('fit systems and keep them')
  .option('--systems <names>', `separated by commas, of ${names}`)
  .option('--force', 'fit again what is up to date')
  .option('--progress', 'write progress as lines to the error stream, for logs')
  .action((options) => runCommand(options.json === true, (context) => fitCommand(options, context)));

withJson(withData(program.command('evaluate')))
  .description('measure systems: leave-one-out, full catalogue')
  .option('--systems <names>', `separated by commas, of ${names}`)
  .option('--metrics <names>', 'separated by commas', 'ndcg@10,hr@10,mrr@10')
  .option('--seed <number>', 'seed of all randomness', wholeNumber(0), 0)
  .action((options) => runCommand(options.json === true, (context) => evaluateCommand(options, context)));

withArtifacts(program.command('semantic-ids'))
  .description('make semantic IDs of the bundled films and show what shares a first code')
  .option('--groups <number>', 'how many first codes', wholeNumber(1), 10)
  .action((options) => runCommand(false, (context) => semanticIdsCommand(options, context)));

withJson(program.command('datasets'))
  .description('list the data sets that can be used here')
  .action((options) => runCommand(options.json === true, (context) => datasetsCommand(options, context)));

withJson(program.command('doctor'))
  .description('which parts work here, and why others do not')
  .action((options) => runCommand(options.json === true, (context) => doctorCommand(options, context)));

withEffort(withArtifacts(program.command('start')))
  .description('fit everything on the bundled data and show it side by side')
  .option('--user <id>', 'a user of the bundled data')
  .option('--k <number>', 'how many', wholeNumber(1), 10)
  .action((options) => runCommand(false, (context) => startCommand(options, context)));

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await program.parseAsync();
