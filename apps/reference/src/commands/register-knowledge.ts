import { type CommandLine, numberBetween, wholeNumber } from '@palate/command-line';
import { action, withData, withPrinting } from '../command-options.js';

const part = () => import('./knowledge.js');

/** Adds what all parts of `palate knowledge` share. */
function withStore(command: CommandLine): CommandLine {
  return withPrinting(withData(command)).option(
    '--store <folder>',
    'store of the texts (default: beside the data set, as FOLDER.knowledge)',
  );
}

/** Adds what decides which texts are asked for. */
function withKinds(command: CommandLine): CommandLine {
  return withStore(command)
    .option(
      '--kinds <names>',
      'separated by commas: kar (facts, preference), llm-rec (paraphrase, tag, infer, engagement), palr (keywords) (default: tag,infer,keywords)',
    )
    .option('--limit <number>', 'most items or users of each kind, the most active first', wholeNumber(1))
    .option('--fields <columns>', 'catalogue columns that describe an item (default: all in words)')
    .option('--noun <plural>', 'what the items are, in the prompts', 'items')
    .option('--factors <list>', 'factors that KAR goes through (default: kind, purpose, style, …)')
    .option(
      '--latest',
      'use the end of histories, not their earlier half: for answers to people, never for evaluation',
    )
    .option('--input-price <money>', 'price of a million input tokens', numberBetween(0))
    .option('--output-price <money>', 'price of a million output tokens', numberBetween(0));
}

/** Adds `palate knowledge` with its parts. */
export function registerKnowledge(program: CommandLine): void {
  const knowledge = program
    .command('knowledge')
    .description(
      'texts about your items and users by a language model (PALATE_LLM): estimate, write, inspect, export',
    );
  withKinds(knowledge.command('estimate'))
    .description('tokens and money that the texts would cost; calls no model')
    .action(action(async () => (await part()).estimateCommand));
  withKinds(knowledge.command('run'))
    .description('write the missing texts; resumes where it was stopped')
    .option(
      '--sample <number>',
      'only this many of each kind, shown with their answers: a look before paying',
      wholeNumber(1),
    )
    .option('--max-cost <money>', 'never spend more on this store, all runs together', numberBetween(0))
    .option(
      '--max-tokens <number>',
      'never use more tokens for this store, all runs together',
      wholeNumber(1),
    )
    .option('--no-budget', 'no limit on the cost')
    .option('--concurrency <number>', 'concurrent requests (default: 4, with --queue 64)', wholeNumber(1))
    .option('--queue <url>', 'let workers ask: redis://… of `palate worker` with the same PALATE_LLM')
    .action(action(async () => (await import('./knowledge-run.js')).runKnowledgeCommand));
  withKinds(knowledge.command('status'))
    .description('show which texts exist, what failed and why, and the cost')
    .action(action(async () => (await part()).statusCommand));
  withStore(knowledge.command('export'))
    .description('write all texts as JSON lines')
    .argument('<file>', 'where to')
    .option('--kinds <names>', 'only these kinds, separated by commas')
    .action(action(async () => (await part()).exportCommand));
}
