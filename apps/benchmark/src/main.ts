import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PalateError, printable } from '@palate/core';
import { selectBackend } from '@palate/nn';
import { Command, InvalidArgumentError } from 'commander';
import { suiteMarkdown, writeLeaderboard } from './leaderboard.js';
import { overview } from './overview.js';
import { runSuite } from './run-suite.js';
import { STUDIES, studyOf } from './studies/index.js';
import { studyContext, studyMarkdown } from './studies/study.js';
import { labelOf } from './suite.js';
import { SUITES, suiteOf } from './suites/index.js';
import { updateReadme } from './update-readme.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

const controller = new AbortController();
process.on('SIGINT', () => {
  if (controller.signal.aborted) process.exit(130);
  controller.abort(new Error('interrupted'));
  process.stderr.write('stopping after this step; press Ctrl-C again to end at once\n');
});

/** Writes to standard output, without what a terminal would obey. */
const say = (text: string): void => {
  process.stdout.write(`${printable(text).replace(/\n$/, '')}\n`);
};

async function guarded(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!PalateError.is(error)) throw error;
    process.stderr.write(`palate-benchmark: ${printable(error.message)} [${error.code}]\n`);
    process.exitCode = error.code === 'cancelled' ? 130 : 1;
  }
}

const THREADS = [
  '--threads <count>',
  'threads of training, where several benchmarks share a machine (default: one a core)',
  (value: string): number => {
    const threads = Number(value);
    if (!Number.isInteger(threads) || threads < 1)
      throw new InvalidArgumentError('It has to be a whole number from 1.');
    return threads;
  },
] as const;

const program = new Command('palate-benchmark')
  .description('Every system on the same data and protocol; resumable per cell.')
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

program
  .command('list')
  .description('suites with their rows, and studies')
  .action(() => {
    for (const suite of SUITES) {
      process.stdout.write(`${suite.name}: ${suite.title}\n`);
      for (const system of suite.systems) process.stdout.write(`  ${labelOf(system)}\n`);
    }
    for (const study of STUDIES) process.stdout.write(`study ${study.name}: ${study.title}\n`);
  });

program
  .command('run <suite>')
  .description('measure what is not measured yet, and write the leaderboard')
  .option('--only <labels>', 'rows to run, separated by semicolons')
  .option('--results <folder>', 'results folder', RESULTS)
  .option(...THREADS)
  .action((name: string, options: { only?: string; results: string; threads?: number }) =>
    guarded(async () => {
      if (options.threads !== undefined) await selectBackend('auto', { threads: options.threads });
      const suite = suiteOf(name);
      const folder = join(options.results, suite.name);
      await runSuite(suite, {
        folder,
        signal: controller.signal,
        say,
        ...(options.only === undefined ? {} : { only: options.only.split(';').map((label) => label.trim()) }),
      });
      await writeLeaderboard(suite, folder, relative(ROOT, folder));
      say(`\n${await suiteMarkdown(suite, folder, relative(ROOT, folder))}`);
    }),
  );

program
  .command('study <name>')
  .description('measure what of a study is not measured yet, and write its table')
  .option('--results <folder>', 'results folder', RESULTS)
  .option(...THREADS)
  .action((name: string, options: { results: string; threads?: number }) =>
    guarded(async () => {
      if (options.threads !== undefined) await selectBackend('auto', { threads: options.threads });
      const study = studyOf(name);
      const folder = join(options.results, study.name);
      const table = await study.run(studyContext(folder, say, { signal: controller.signal }));
      await writeFile(join(folder, 'table.md'), studyMarkdown(study, table));
      say(`\n${studyMarkdown(study, table)}`);
    }),
  );

program
  .command('leaderboard <suite>')
  .description('write the leaderboard from the finished cells')
  .option('--results <folder>', 'results folder', RESULTS)
  .action((name: string, options: { results: string }) =>
    guarded(async () => {
      const suite = suiteOf(name);
      const folder = join(options.results, suite.name);
      await writeLeaderboard(suite, folder, relative(ROOT, folder));
      say(await suiteMarkdown(suite, folder, relative(ROOT, folder)));
    }),
  );

program
  .command('readme [file]')
  .description('put the tables of all measured suites between the markers of a README')
  .option('--results <folder>', 'results folder', RESULTS)
  .action((file: string | undefined, options: { results: string }) =>
    guarded(async () => {
      const path = file ?? join(ROOT, 'README.md');
      // It wants the records of all suites: it is made only for a page that shows it.
      const isWanted = (await readFile(path, 'utf8')).includes('<!-- results:overview -->');
      if (isWanted && (await updateReadme(path, 'overview', await overview(options.results))))
        process.stdout.write('overview: written\n');
      for (const suite of SUITES) {
        const folder = join(options.results, suite.name);
        const text = await suiteMarkdown(suite, folder, relative(ROOT, folder)).catch((error: unknown) => {
          if (PalateError.is(error)) return undefined;
          throw error;
        });
        if (text !== undefined && (await updateReadme(path, suite.name, text)))
          process.stdout.write(`${suite.name}: written\n`);
      }
      for (const study of STUDIES) {
        const text = await readFile(join(options.results, study.name, 'table.md'), 'utf8').catch(
          () => undefined,
        );
        if (text !== undefined && (await updateReadme(path, study.name, text)))
          process.stdout.write(`${study.name}: written\n`);
      }
    }),
  );

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await program.parseAsync();
