import { CommandLine, wholeNumber } from '@palate/command-line';
import { action, withFitting, withPrinting } from './command-options.js';
import { registerImport } from './commands/import.js';
import { registerAsk } from './commands/register-ask.js';
import { registerKnowledge } from './commands/register-knowledge.js';
import { registerServe } from './commands/serve.js';
import { VERSION } from './version.js';

const program = new CommandLine('palate')
  .description('Recommends anything, from your own data or the bundled films.')
  .version(VERSION);

registerAsk(program);

withPrinting(withFitting(program.command('fit')))
  .description('fit systems and keep them')
  .option(
    '--system, --systems <names>',
    'methods of `palate systems`, separated by commas (default: the light ones)',
  )
  .option('--force', 'fit again what is up to date')
  .option('--queue <url>', 'have workers encode the texts: redis://…, on which `palate worker` works')
  .action(action(async () => (await import('./commands/fit.js')).fitCommand));

withPrinting(withFitting(program.command('evaluate')))
  .description('measure systems: leave-one-out, full catalogue')
  .option(
    '--system, --systems <names>',
    'methods of `palate systems`, separated by commas (default: the light ones)',
  )
  .option('--metrics <names>', 'separated by commas', 'ndcg@10,hr@10,mrr@10')
  .option('--markdown', 'print the table as Markdown')
  .option('--no-knowledge', 'without the texts that a language model wrote about the data')
  .option('--queue <url>', 'have workers do it, a system each: redis://…, on which `palate worker` works')
  .action(action(async () => (await import('./commands/evaluate.js')).evaluateCommand));

withPrinting(withFitting(program.command('tune')))
  .description('try settings of a system on the validation part, the second-last interaction of each user')
  .requiredOption('--system <name>', 'one method of `palate systems`')
  .requiredOption('--grid <json>', 'values of each option: \'{"l2":[50,200,800]}\', or @FILE')
  .option('--metrics <names>', 'separated by commas; the first one decides', 'ndcg@10,hr@10')
  .option('--no-knowledge', 'without the texts that a language model wrote about the data')
  .option(
    '--queue <url>',
    'have workers do it, a combination each: redis://…, on which `palate worker` works',
  )
  .action(action(async () => (await import('./commands/tune.js')).tuneCommand));

withPrinting(withFitting(program.command('score')))
  .description('find the lists of all users and write them to a file or a table')
  .option('--everybody', 'the lists of all users of the data')
  .requiredOption('--out <place>', 'FILE.parquet, FILE.jsonl, or postgres (at DATABASE_URL) or postgres://…')
  .option('--k <number>', 'items of a list', wholeNumber(1), 100)
  .option('--system <name>', 'one method of `palate systems`, instead of the pipeline')
  .option('--shard <part/of>', 'only a share of the users, such as 2/8, for several machines')
  .option('--block <number>', 'users between two marks from which a killed run goes on', wholeNumber(1), 1000)
  .option('--queue <url>', 'have workers do it: redis://…, on which `palate worker` works')
  .option(
    '--shares <number>',
    'shares into which the workers divide the users, with --queue',
    wholeNumber(1),
    8,
  )
  .option('--run <name>', 'with --queue: asked for again by the same name, what is done is not done again')
  .action(action(async () => (await import('./commands/score.js')).scoreCommand));

withPrinting(withFitting(program.command('distil')))
  .description('train a small ranker on choices that a large language model made, and judge it')
  .option(
    '--rankings <file>',
    'JSON lines of user, history, candidates and ranking (default: those recorded with the films)',
  )
  .option(
    '--train <number>',
    'rankings to learn from, the others judge (default: two thirds)',
    wholeNumber(10),
  )
  .option('--epochs <number>', 'most passes', wholeNumber(1), 6)
  .option('--out <folder>', 'where the ranker is kept')
  .action(action(async () => (await import('./commands/distil.js')).distilCommand));

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

withPrinting(program.command('worker'))
  .description('do the jobs that commands with --queue hand out, until asked to terminate')
  .option('--queue <url>', 'redis://… (default: REDIS_URL)')
  .option('--concurrency <number>', 'jobs at a time', wholeNumber(1), 1)
  .option('--lease <seconds>', 'without a sign of life before another worker takes over', wholeNumber(1), 30)
  .option('--max-tokens <number>', 'of language models, by all workers of the queue together', wholeNumber(1))
  .option('--calls-per-second <number>', 'to language models, by all workers together', wholeNumber(1))
  .action(action(async () => (await import('./commands/worker.js')).workerCommand));

withPrinting(program.command('jobs'))
  .description('what workers do: how many jobs wait, run, are done, and failed by cause')
  .option('--queue <url>', 'redis://… (default: REDIS_URL)')
  .action(action(async () => (await import('./commands/worker.js')).jobsCommand));

registerImport(program);
registerServe(program);
registerKnowledge(program);

await program.parseAsync();
