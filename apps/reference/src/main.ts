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
  .description('fit systems and store them')
  .option(
    '--system, --systems <names>',
    'methods of `palate systems`, separated by commas (default: the light ones)',
  )
  .option('--force', 'fit again, even if up to date')
  .option('--queue <url>', 'let workers encode the texts: redis://… of `palate worker`')
  .action(action(async () => (await import('./commands/fit.js')).fitCommand));

withPrinting(withFitting(program.command('evaluate')))
  .description('measure systems: leave-one-out, full catalogue')
  .option(
    '--system, --systems <names>',
    'methods of `palate systems`, separated by commas (default: the light ones)',
  )
  .option('--metrics <names>', 'separated by commas', 'ndcg@10,hr@10,mrr@10')
  .option('--markdown', 'print the table as Markdown')
  .option('--no-knowledge', 'leave out the texts that a language model wrote about the data')
  .option('--queue <url>', 'let workers do it, one system per job: redis://… of `palate worker`')
  .action(action(async () => (await import('./commands/evaluate.js')).evaluateCommand));

withPrinting(withFitting(program.command('tune')))
  .description('try settings of a system on the validation part, the second-last interaction of each user')
  .requiredOption('--system <name>', 'one method of `palate systems`')
  .requiredOption('--grid <json>', 'values of each option: \'{"l2":[50,200,800]}\', or @FILE')
  .option('--metrics <names>', 'separated by commas; the first one decides', 'ndcg@10,hr@10')
  .option('--no-knowledge', 'leave out the texts that a language model wrote about the data')
  .option('--queue <url>', 'let workers do it, one combination per job: redis://… of `palate worker`')
  .action(action(async () => (await import('./commands/tune.js')).tuneCommand));

withPrinting(withFitting(program.command('score')))
  .description('compute the lists of all users and write them to a file or a table')
  .option('--everybody', 'the lists of all users of the data')
  .requiredOption('--out <place>', 'FILE.parquet, FILE.jsonl, or postgres (at DATABASE_URL) or postgres://…')
  .option('--k <number>', 'items of a list', wholeNumber(1), 100)
  .option('--system <name>', 'one method of `palate systems`, instead of the pipeline')
  .option('--shard <part/of>', 'only a share of the users, such as 2/8, for several machines')
  .option(
    '--block <number>',
    'users per block; a killed run resumes after the last complete block',
    wholeNumber(1),
    1000,
  )
  .option('--queue <url>', 'let workers do it: redis://… of `palate worker`')
  .option(
    '--shares <number>',
    'number of shares of the users for the workers, with --queue',
    wholeNumber(1),
    8,
  )
  .option('--run <name>', 'with --queue: name of the run; finished work of the same name is reused')
  .action(action(async () => (await import('./commands/score.js')).scoreCommand));

withPrinting(withFitting(program.command('distil')))
  .description('train a small ranker on choices of a large language model, and evaluate it')
  .option(
    '--rankings <file>',
    'JSON lines of user, history, candidates and ranking (default: those recorded with the films)',
  )
  .option(
    '--train <number>',
    'rankings to train on; the others evaluate (default: two thirds)',
    wholeNumber(10),
  )
  .option('--epochs <number>', 'most passes', wholeNumber(1), 6)
  .option('--out <folder>', 'folder to save the ranker in')
  .action(action(async () => (await import('./commands/distil.js')).distilCommand));

withFitting(program.command('semantic-ids'))
  .description('make semantic IDs of the bundled films and show which films share a first code')
  .option('--groups <number>', 'how many first codes', wholeNumber(1), 10)
  .action(action(async () => (await import('./commands/semantic-ids.js')).semanticIdsCommand));

withPrinting(program.command('datasets'))
  .description('list the available data sets')
  .action(action(async () => (await import('./commands/datasets.js')).datasetsCommand));

withPrinting(program.command('doctor'))
  .description('show which parts work here, and why others do not')
  .action(action(async () => (await import('./commands/doctor.js')).doctorCommand));

withFitting(program.command('start'))
  .description('fit everything on the bundled data and show the results side by side')
  .option('--user <id>', 'a user of the bundled data')
  .option('--k <number>', 'how many', wholeNumber(1), 10)
  .action(action(async () => (await import('./commands/start.js')).startCommand));

withPrinting(program.command('worker'))
  .description('run the jobs that commands with --queue hand out, until terminated')
  .option('--queue <url>', 'redis://… (default: REDIS_URL)')
  .option('--concurrency <number>', 'jobs at a time', wholeNumber(1), 1)
  .option('--lease <seconds>', 'without a sign of life before another worker takes over', wholeNumber(1), 30)
  .option('--max-tokens <number>', 'of language models, by all workers of the queue together', wholeNumber(1))
  .option('--calls-per-second <number>', 'to language models, by all workers together', wholeNumber(1))
  .action(action(async () => (await import('./commands/worker.js')).workerCommand));

withPrinting(program.command('jobs'))
  .description('show how many jobs wait, run, are done, and failed, by cause')
  .option('--queue <url>', 'redis://… (default: REDIS_URL)')
  .action(action(async () => (await import('./commands/worker.js')).jobsCommand));

registerImport(program);
registerServe(program);
registerKnowledge(program);

await program.parseAsync();
