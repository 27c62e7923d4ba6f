import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandContext, CommandLine, runCommand, wholeNumber } from '@palate/command-line';
import { PalateError } from '@palate/core';
import { drawChart } from '@palate/eval';
import { selectBackend } from '@palate/nn';
import { figures } from './figures/figures.js';
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

/** Runs a command: errors in one line, Ctrl-C as a signal. */
const guarded = (command: (context: CommandContext) => Promise<void>): Promise<void> =>
  runCommand({ program: 'palate-benchmark' }, (context) =>
    command({ ...context, print: (text) => context.print(text.replace(/\n$/, '')) }),
  );

const THREADS = [
  '--threads <count>',
  'threads of training, where several benchmarks share a machine (default: one a core)',
  wholeNumber(1),
] as const;

const program = new CommandLine('palate-benchmark').description(
  'Every system on the same data and protocol; resumable per cell.',
);

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
    guarded(async ({ print: say, signal }) => {
      if (options.threads !== undefined) await selectBackend('auto', { threads: options.threads });
      const suite = suiteOf(name);
      const folder = join(options.results, suite.name);
      await runSuite(suite, {
        folder,
        signal,
        say,
        only: options.only === undefined ? undefined : options.only.split(';').map((label) => label.trim()),
      });
      await writeLeaderboard(suite, folder, relative(ROOT, folder));
      say(`\n${await suiteMarkdown(suite, folder, relative(ROOT, folder))}`);
    }),
  );

program
  .command('study <name>')
  .description('measure what of a study is not measured yet, and write its table')
  .option('--results <folder>', 'results folder', RESULTS)
  .option('--finished', 'make the table of what is measured, where the study can leave the rest out')
  .option(...THREADS)
  .action((name: string, options: { results: string; finished?: boolean; threads?: number }) =>
    guarded(async ({ print: say, signal }) => {
      if (options.threads !== undefined) await selectBackend('auto', { threads: options.threads });
      const study = studyOf(name);
      const folder = join(options.results, study.name);
      const table = await study.run(studyContext(folder, say, { signal, finishedOnly: options.finished }));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'table.md'), studyMarkdown(study, table));
      say(`\n${studyMarkdown(study, table)}`);
    }),
  );

program
  .command('leaderboard <suite>')
  .description('write the leaderboard from the finished cells')
  .option('--results <folder>', 'results folder', RESULTS)
  .action((name: string, options: { results: string }) =>
    guarded(async ({ print: say }) => {
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

program
  .command('figures [folder]')
  .description('draw the figures of the report from the records, as SVG')
  .option('--results <folder>', 'results folder', RESULTS)
  .action((folder: string | undefined, options: { results: string }) =>
    guarded(async ({ print: say }) => {
      const target = folder ?? join(ROOT, 'docs', 'images', 'results');
      await mkdir(target, { recursive: true });
      for (const { name, chart } of await figures(options.results)) {
        await writeFile(join(target, `${name}.svg`), `${await drawChart(chart)}\n`);
        say(`${name}: drawn`);
      }
    }),
  );

await program.parseAsync();
