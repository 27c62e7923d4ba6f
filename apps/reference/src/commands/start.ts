import { type CommandContext, sideBySide, terminalWidth } from '@palate/command-line';
import type { RecommendRequest } from '@palate/engine';
import { BUNDLED } from '../bundled.js';
import { chooseSystems } from '../choose-systems.js';
import type { FittingOptions } from '../command-options.js';
import { modelFolder } from '../engine/model-folder.js';
import { withEngine } from '../engine/open-engine.js';
import { showAnswer } from '../engine/show-answer.js';

/** Options of `palate start`. */
export interface StartOptions extends Omit<FittingOptions, 'data'> {
  readonly user?: string | undefined;
  readonly k: number;
}

/** Text that the new user of the demonstration types. */
const TYPED = 'slow-burning heist films, no gore';

/** A user with enough history to judge recommendations by, and not so much that it fills the page. */
const SAMPLE_HISTORY = 12;

/**
 * `palate start`: fits the light recommenders on the bundled data and shows them side by side for a sample user; then the
 * engine retrieves, ranks and explains for the same user, and for a new one who only typed a sentence. On a terminal it
 * serves the page then, until Ctrl-C.
 */
export async function startCommand(options: StartOptions, context: CommandContext): Promise<void> {
  const { signal, print } = context;
  const width = Math.min(120, terminalWidth());
  await withEngine({ ...options, data: BUNDLED }, context, async ({ engine, dataset }) => {
    const { log, catalog } = dataset;
    const sample =
      options.user === undefined ? log.userCounts().indexOf(SAMPLE_HISTORY) : log.users.indexOf(options.user);
    const user = log.users.idOf(Math.max(0, sample));
    const title = (item: number): string => catalog.itemText(item, ['title']);
    const { offsets, row } = log.byUser();
    const start = offsets[log.users.indexOf(user)] ?? 0;
    print(
      `${dataset.name}: ${log.users.size} users, ${log.items.size} films, ${log.length} ratings (${dataset.licence} licence)\n`,
    );
    print(`The user ${user} rated, oldest first:`);
    for (const [k, item] of log.history(log.users.indexOf(user)).entries())
      print(`  ${String(log.rating?.[row[start + k] ?? 0] ?? '').padStart(2)}/10  ${title(item)}`);
    const columns: { heading: string; lines: string[] }[] = [];
    for (const system of chooseSystems(undefined)(dataset)) {
      const { items } = await engine.recommend({ user, k: options.k, system: system.key }, { signal });
      columns.push({
        heading: `${system.key} (${system.title})`,
        lines: items.map((item) => `${String(item.rank).padStart(2)}. ${item.title}`),
      });
    }
    print(`\nWhat ${columns.length} recommenders would show next:\n`);
    print(sideBySide(columns, width));
    const show = async (heading: string, request: RecommendRequest): Promise<void> => {
      const answer = await engine.recommend({ ...request, k: options.k, explain: true }, { signal });
      print(`\n${heading}\n`);
      for (const line of showAnswer(answer, { width, whole: true })) print(line);
    };
    await show(`The same user, retrieved, ranked and explained:`, { user });
    await show(`A new user who typed "${TYPED}":`, { text: TYPED });
  });
  print(
    `\nIn words:      node apps/reference/bin/palate.js recommend --text "quiet science fiction" --explain`,
  );
  print(`From titles:   node apps/reference/bin/palate.js recommend --history "Alien; Heat; Fargo"`);
  if (!process.stdin.isTTY || !process.stdout.isTTY) return;
  const { servePage } = await import('../server/serve-page.js');
  const { seed, effort } = options;
  await servePage(
    { data: BUNDLED, folder: modelFolder({ ...options, data: BUNDLED }), seed, effort },
    context,
  );
}
