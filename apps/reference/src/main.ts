import { readFileSync } from 'node:fs';
import { CommandLine, wholeNumber } from '@palate/command-line';
import { action, withData, withFitting, withPrinting } from './command-options.js';
import { registerImport } from './commands/import.js';
import { registerKnowledge } from './commands/register-knowledge.js';
import { registerServe } from './commands/serve.js';
import { SYSTEMS } from './systems.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const names = SYSTEMS.map(({ key }) => key).join(', ');
const program = new CommandLine('palate')
  .description('Recommends films, and anything else: import, fit, recommend, evaluate and inspect.')
  .version(version);

withPrinting(withFitting(program.command('recommend')))
  .description('recommend to a user of the data, or to anybody from a list of titles')
  .option('--user <id>', 'a user of the data set')
  .option('--history <titles>', 'titles separated by semicolons')
  .option('--k <number>', 'how many', wholeNumber(1), 10)
  .option('--system <name>', `one of ${names}`, 'ease')
  .option('--profile <words>', 'what is wanted, in words; answered with reasons')
  .option('--explain', 'give a reason for each film')
  .action(action(async () => (await import('./commands/recommend.js')).recommendCommand));

withPrinting(withFitting(program.command('fit')))
  .description('fit systems and keep them')
  .option('--systems <names>', `separated by commas, of ${names}`)
  .option('--force', 'fit again what is up to date')
  .action(action(async () => (await import('./commands/fit.js')).fitCommand));

withPrinting(withData(program.command('evaluate')))
  .description('measure systems: leave-one-out, full catalogue')
  .option('--systems <names>', `separated by commas, of ${names}`)
  .option('--metrics <names>', 'separated by commas', 'ndcg@10,hr@10,mrr@10')
  .option('--seed <number>', 'seed of all randomness', wholeNumber(0), 0)
  .action(action(async () => (await import('./commands/evaluate.js')).evaluateCommand));

withFitting(program.command('semantic-ids'))
  .description('make semantic IDs of the bundled films and show what shares a first code')
  .option('--groups <number>', 'how many first codes', wholeNumber(1), 10)
  .action(action(async () => (await import('./commands/semantic-ids.js')).semanticIdsCommand));

withPrinting(program.command('datasets'))
  .description('list the data sets that can be used here')
  .action(action(async () => (await import('./commands/datasets.js')).datasetsCommand));

withPrinting(program.command('doctor'))
  .description('which parts work here, and why others do not')
  .action(action(async () => (await import('./commands/doctor.js')).doctorCommand));

withFitting(program.command('start'))
  .description('fit everything on the bundled data and show it side by side')
  .option('--user <id>', 'a user of the bundled data')
  .option('--k <number>', 'how many', wholeNumber(1), 10)
  .action(action(async () => (await import('./commands/start.js')).startCommand));

registerImport(program);
registerServe(program, version);
registerKnowledge(program);

await program.parseAsync();
