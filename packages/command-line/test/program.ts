// A command line of the tests, run as a process of its own.
import { InvalidInputError } from '@palate/core';
import { CommandLine, checkWritable, runCommand, wholeNumber, withProgress } from '../src/index.js';

const program = new CommandLine('greeter').description('Greets.');
const options = (given: { json?: boolean; progress?: boolean }) => ({ program: 'greeter', ...given });
program
  .command('greet')
  .option('--times <number>', 'how often', wholeNumber(1), 1)
  .option('--json', 'print JSON')
  .action((given: { times: number; json?: boolean }) =>
    runCommand(options(given), async ({ print, printJson, json }) => {
      for (let k = 0; k < given.times; k++)
        json ? printJson({ hello: '\u001b[2Jworld' }) : print('hello \u001b[2Jworld');
    }),
  );
program
  .command('fail')
  .argument('<how>')
  .option('--json', 'print JSON')
  .action((how: string, given: { json?: boolean }) =>
    runCommand(options(given), async () => {
      if (how === 'known') throw new InvalidInputError({ expected: 'a', received: 'b', hint: 'Give a.' });
      if (how === 'writable') await checkWritable('/proc/self/status/models');
      throw new TypeError('x is not\na function');
    }),
  );
program
  .command('wait')
  .option('--progress', 'lines')
  .action((given: { progress?: boolean }) =>
    runCommand(options(given), (context) =>
      withProgress('waiting', context, async ({ onProgress }) => {
        onProgress({ phase: 'step', done: 1, total: 4 });
        await new Promise((resolve, reject) => {
          const timer = setTimeout(resolve, 60_000);
          context.signal.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(new DOMException('stopped', 'AbortError'));
          });
        });
      }),
    ),
  );
await program.parseAsync();
