import type { CommandContext } from '@palate/command-line';
import { sideBySide } from '@palate/command-line';
import type { AssistantRequest } from '../assistant/assistant.js';
import type { Effort } from '../assistant/models.js';
import { openAssistant } from '../assistant/open-assistant.js';
import { showAnswer } from '../assistant/show-answer.js';
import { BUNDLED } from '../bundled.js';
import { chooseSystems } from '../choose-systems.js';
import { loadData } from '../data.js';
import { fitOrLoad } from '../fitted.js';

/** Options of `palate start`. */
export interface StartOptions {
  readonly user?: string | undefined;
  readonly k: number;
  readonly artifacts: string;
  readonly seed: number;
  /** How much the assistant's models are trained. */
  readonly effort?: Effort | undefined;
}

/** Text that the new user of the demonstration types. */
const TYPED = 'slow-burning heist films, no gore';

/** A user with enough history to judge recommendations by, and not so much that it fills the page. */
const SAMPLE_HISTORY = 12;

/**
 * `palate start`: fits every recommender on the bundled data and shows them side by side for a sample user; then the
 * assistant retrieves, ranks and explains for the same user, and for a new one who only typed a sentence.
 */
export async function startCommand(options: StartOptions, { signal, print }: CommandContext): Promise<void> {
  const dataset = await loadData(BUNDLED, { signal });
  const { log, catalog } = dataset;
  const sample =
    options.user === undefined ? log.userCounts().indexOf(SAMPLE_HISTORY) : log.users.indexOf(options.user);
  const user = log.users.idOf(Math.max(0, sample));
  const history = log.history(log.users.indexOf(user));
  const fitted = await fitOrLoad(chooseSystems(undefined), dataset, {
    artifacts: options.artifacts,
    data: BUNDLED,
    seed: options.seed,
    signal,
  });

  const title = (item: number): string => catalog.itemText(item, ['title']);
  const { offsets, row } = log.byUser();
  const start = offsets[log.users.indexOf(user)] ?? 0;
  print(
    `${dataset.name}: ${log.users.size} users, ${log.items.size} films, ${log.length} ratings (${dataset.licence} licence)\n`,
  );
  print(`The user ${user} rated, oldest first:`);
  for (const [k, item] of history.entries())
    print(`  ${String(log.rating?.[row[start + k] ?? 0] ?? '').padStart(2)}/10  ${title(item)}`);
  print(`\nWhat ${fitted.length} recommenders would show next:\n`);
  const columns: { heading: string; lines: string[] }[] = [];
  for (const { system, retriever } of fitted) {
    const [list = []] = await retriever.retrieve([{ user, history }], options.k, { signal });
    columns.push({
      heading: `${retriever.name} (${system.title})`,
      lines: list.map(({ item }, rank) => `${String(rank + 1).padStart(2)}. ${title(item)}`),
    });
  }
  print(sideBySide(columns, Math.max(80, Math.min(120, process.stdout.columns ?? 112))));
  const assistant = await openAssistant(dataset, {
    artifacts: options.artifacts,
    seed: options.seed,
    signal,
    effort: options.effort,
  });
  const width = Math.max(80, Math.min(160, process.stdout.columns ?? 120));
  const show = async (heading: string, request: AssistantRequest): Promise<void> => {
    print(`\n${heading}\n`);
    for (const line of showAnswer(await assistant.recommend(request, options.k, signal), dataset, width))
      print(line);
  };
  await show(`The same user, retrieved, ranked and explained:`, { user, history });
  await show(`A new user who typed "${TYPED}":`, { history: [], profile: TYPED });
  print(
    `\nIn words:      node apps/reference/bin/palate.js recommend --profile "quiet science fiction" --explain`,
  );
  print(`From titles:   node apps/reference/bin/palate.js recommend --history "Alien; Heat; Fargo"`);
}
