import { type CommandContext, table } from '@palate/command-line';
import { METHODS } from '@palate/engine';

/** `palate systems`: every method, as `--system` takes it. */
export async function systemsCommand(_: object, context: CommandContext): Promise<void> {
  if (context.json)
    return context.printJson(
      METHODS.map(({ key, title, kind, package: from, needs }) => ({
        key,
        title,
        kind,
        package: from,
        needs,
      })),
    );
  for (const line of table(
    [
      { heading: 'system' },
      { heading: 'goes by', least: 20 },
      { heading: 'reads', least: 10 },
      { heading: 'package' },
    ],
    METHODS.map(({ key, title, needs, package: from }) => [key, title, needs.join(', '), from]),
  ))
    context.print(line);
}
