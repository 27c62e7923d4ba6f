import type { CommandContext } from '@palate/command-line';
import { InvalidInputError, type ListSink, PalateError } from '@palate/core';
import { ListFile, methodOf, scoreEverybody } from '@palate/engine';
import type { FittingOptions } from '../command-options.js';
import { withEngine } from '../engine/open-engine.js';
import { outcomesInWords } from '../engine/show-answer.js';

/** Options of `palate score`. */
export interface ScoreOptions extends FittingOptions {
  readonly everybody?: boolean | undefined;
  readonly out: string;
  readonly k: number;
  readonly system?: string | undefined;
  readonly shard?: string | undefined;
  readonly block: number;
}

/** `palate score --everybody`: the lists of all users, in a file or a table; run again it goes on where it was stopped. */
export async function scoreCommand(options: ScoreOptions, context: CommandContext): Promise<void> {
  const { k, system, block, out } = options;
  if (options.everybody !== true)
    throw new InvalidInputError({
      expected: '--everybody',
      received: 'no users',
      hint: 'Say palate score --everybody for all users; `palate recommend --user ID` answers one.',
    });
  if (system !== undefined) methodOf(system);
  const shard = shardOf(options.shard);
  const sink = await sinkOf(out, context);
  try {
    const { signal } = context;
    const report = await withEngine(options, context, async ({ engine, onProgress }) => {
      await (system === undefined ? engine.prepare({ signal }) : engine.fit({ system }, { signal }));
      return scoreEverybody(engine, sink, { k, system, shard, blockSize: block, signal, onProgress });
    });
    const { users, scored, seconds, outcomes } = report;
    if (context.json) return context.printJson({ out, ...report });
    const before = users - scored;
    context.print(
      `${out}: lists of ${users} users${before > 0 ? `, ${before} of them from a run before` : ''}; ${seconds.toFixed(1)} s, ${(scored / Math.max(seconds, 1e-3)).toFixed(0)} users a second`,
    );
    for (const line of outcomesInWords(outcomes)) context.print(line);
  } catch (error) {
    if (PalateError.is(error) && error.code === 'cancelled' && !context.json)
      context.notice('Whole blocks are kept: the same command goes on from there.');
    throw error;
  } finally {
    await sink.close();
  }
}

/** Where the lists go. The packages of databases are loaded where one is asked for. */
async function sinkOf(out: string, { notice }: CommandContext): Promise<ListSink> {
  if (out !== 'postgres' && !/^postgres(ql)?:\/\//.test(out)) return ListFile.open(out, notice);
  const url = out === 'postgres' ? process.env.DATABASE_URL : out;
  if (url === undefined || url === '')
    throw new InvalidInputError({
      expected: 'the address of a database in DATABASE_URL for --out postgres',
      received: 'none',
      hint: 'Set DATABASE_URL=postgres://user:password@host:port/database, or give that as --out.',
    });
  const { openListTable } = await import('@palate/postgres');
  return openListTable(url);
}

/** A share of the users from words such as `2/8`. */
function shardOf(words: string | undefined): { readonly part: number; readonly of: number } | undefined {
  if (words === undefined) return undefined;
  const [part, of] = (/^(\d+)\/(\d+)$/.exec(words) ?? []).slice(1).map(Number);
  if (part !== undefined && of !== undefined && part >= 1 && part <= of) return { part, of };
  throw new InvalidInputError({
    expected: 'a share such as 2/8 for --shard, from 1/8 to 8/8',
    received: words,
    hint: 'Give the part and the number of parts.',
  });
}
