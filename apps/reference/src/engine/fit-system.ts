import type { Engine, MethodStatus } from '@palate/engine';

/**
 * Reads or fits a method of the registry, by a request that needs it: one without a history or words would be answered by
 * general favourites alone.
 *
 * @returns its state, with the seconds that it took
 */
export async function fitSystem(
  engine: Engine,
  system: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<MethodStatus | undefined> {
  const [item] = engine.items({ limit: 1 }).items;
  await engine.recommend(
    { system, k: 1, ...(item ? { history: [item.id], text: item.title } : {}) },
    options,
  );
  return engine.status().methods.find(({ key }) => key === system);
}
