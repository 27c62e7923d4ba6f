import { printable } from '@palate/core';
import { Command } from 'commander';

/** Exit status of wrong usage. */
const WRONG_USAGE = 2;

/** Ends the process quietly when the reader of its output closes the pipe (`| head`). */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

/**
 * A command, or a whole command line, that answers wrong usage with one line on the error stream and status 2.
 *
 * @example
 * ```ts
 * const program = new CommandLine('palate').description('Recommends anything.').version('1.0.0');
 * program.command('greet').action(() => console.log('hello'));
 * await program.parseAsync();
 * ```
 */
export class CommandLine extends Command {
  constructor(name?: string) {
    super(name);
    this.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE));
  }

  override createCommand(name?: string): CommandLine {
    return new CommandLine(name);
  }

  override error(message: string): never {
    const line = message
      .replace(/^error: /, '')
      .split('\n')
      .filter((part) => part !== '')
      .join(' ')
      .replace(/\.$/, '');
    process.stderr.write(`${this.#names()[0]}: ${printable(line)}; see ${this.#names().join(' ')} --help\n`);
    process.exit(WRONG_USAGE);
  }

  /** The names of the command lines above and of this one. */
  #names(): string[] {
    const names: string[] = [];
    for (let command: Command | null = this; command; command = command.parent) names.unshift(command.name());
    return names;
  }

  override async parseAsync(...given: Parameters<Command['parseAsync']>): Promise<this> {
    endWithReader(process.stdout);
    endWithReader(process.stderr);
    await super.parseAsync(...given);
    return this;
  }
}
