import type { SemanticIds } from './semantic-ids.js';

/** Options of {@link printIdTree}. */
export interface IdTreeOptions {
  /** Name of an item. Default: its external id. */
  readonly title?: ((item: number) => string) | undefined;
  /** Most first codes that are printed, those with most items. Default 10. */
  readonly groups?: number | undefined;
  /** Most items printed of each. Default 8. */
  readonly items?: number | undefined;
}

/** The tree of IDs as text: what shares a first code, with titles, ordered by the codes that follow. */
export function printIdTree(ids: SemanticIds, options: IdTreeOptions = {}): string {
  const { title = (item) => ids.items.idOf(item), groups = 10, items = 8 } = options;
  const { trie } = ids;
  const members = new Map<number, number[]>();
  for (let node = trie.levelFrom[trie.depth]!; node < trie.nodeCount; node++) {
    const item = trie.item[node]!;
    const first = trie.path[item * trie.depth]!;
    const own = members.get(first);
    if (own) own.push(item);
    else members.set(first, [item]);
  }
  const chosen = [...members].sort((a, b) => b[1].length - a[1].length || a[0] - b[0]).slice(0, groups);
  const lines: string[] = [];
  for (const [node, list] of chosen) {
    lines.push(`${trie.code[node]} (${list.length} items)`);
    for (const item of list.slice(0, items))
      lines.push(`  ${ids.tuple(item).slice(1).join('-').padEnd(12)} ${title(item)}`);
    if (list.length > items) lines.push(`  … ${list.length - items} more`);
  }
  if (members.size > chosen.length) lines.push(`… ${members.size - chosen.length} more first codes`);
  return lines.join('\n');
}
