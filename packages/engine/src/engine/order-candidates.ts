import type { OutcomeCounts, Query, RetrieveOptions, ScoredItem } from '@palate/core';
import { LlmRanker } from '@palate/llm-rank';
import type { Asked, Found } from './find-candidates.js';
import type { LiveModel, PipelineConfig } from './options.js';
import type { Snapshot } from './snapshot.js';

/** A list in its order, with reasons that a language model gave on the way. */
export interface Ordered {
  readonly list: readonly ScoredItem[];
  readonly reasons: ReadonlyMap<number, string>;
  /** Sentence on where the order comes from. */
  readonly order: string;
  /** Sentence on where the reasons come from, where a language model was asked. */
  readonly explanations?: string | undefined;
}

/** Candidates that a live model is shown. */
const SHOWN = 30;

/** Orders the candidates of requests by the rankers of a pipeline; without one they keep the retrievers' order. */
export async function orderCandidates(
  asked: readonly Asked[],
  found: readonly Found[],
  snapshot: Snapshot,
  { rankers = [] }: PipelineConfig,
  live: LiveModel | undefined,
  options: RetrieveOptions,
): Promise<Ordered[]> {
  const ordered: Ordered[] = found.map(({ list }) => ({
    list,
    reasons: new Map(),
    order: rankers.length === 0 ? 'the retrievers’' : 'the retrievers’: the ranker needs a history',
  }));
  for (const config of rankers) {
    if (config.method === undefined) {
      if (live) await orderLive(asked, ordered, snapshot, live, options);
      continue;
    }
    // A ranker learned from histories; it says nothing of somebody without one.
    const concerned = asked.flatMap(({ asker }, r) =>
      asker.history.length > 0 && (ordered[r]?.list.length ?? 0) > 0 ? [r] : [],
    );
    if (concerned.length === 0) continue;
    const model = await snapshot.model(config.method, config.settings, options.signal);
    if (!model.rank) continue;
    const known = model.items.size;
    const lists = await model.rank(
      concerned.map((r) => rankingQuery(asked[r] as Asked, known)),
      concerned.map((r) => (ordered[r] as Ordered).list.filter(({ item }) => item < known)),
      1000,
      options,
    );
    for (const [c, r] of concerned.entries()) {
      const before = (ordered[r] as Ordered).list;
      ordered[r] = {
        list: withUnknown(lists[c] ?? [], before, known),
        reasons: new Map(),
        order: `${model.name}, tuned on this data, beside the retrievers’ order`,
      };
    }
  }
  return ordered;
}

/** Who asks, for a ranker: what may be returned is decided already. */
function rankingQuery({ asker }: Asked, known: number): Query {
  const { user, history, wish } = asker;
  return {
    user,
    history: history.filter((item) => item < known),
    text: wish && wish.likes !== '' ? wish.likes : undefined,
  };
}

/** Puts items that the ranker does not know back to the positions that they had. */
function withUnknown(
  ranked: readonly ScoredItem[],
  before: readonly ScoredItem[],
  known: number,
): readonly ScoredItem[] {
  if (ranked.length === before.length) return ranked;
  const list = [...ranked];
  for (const [position, { item }] of before.entries())
    if (item >= known)
      list.splice(position, 0, { item, score: list[position]?.score ?? list.at(-1)?.score ?? 0 });
  return list;
}

async function orderLive(
  asked: readonly Asked[],
  ordered: Ordered[],
  { catalogue }: Snapshot,
  live: LiveModel,
  options: RetrieveOptions,
): Promise<void> {
  const { model } = live;
  const keywords = new Map(asked.map(({ asker }, r) => [String(r), asker.keywords]));
  const ranker = new LlmRanker({
    model,
    catalog: catalogue.namingCatalog,
    fields: catalogue.namingFields,
    profile: ({ user }) => keywords.get(user ?? '')?.join(', ') || undefined,
    item: (item) => catalogue.tags(item).join(', ') || undefined,
  });
  const before = live.asked?.() ?? 0;
  const counts: OutcomeCounts[] = [];
  const concerned = asked.flatMap((_, r) => ((ordered[r]?.list.length ?? 0) > 0 ? [r] : []));
  const lists = await ranker.explain(
    // The profile is found by the number of the request.
    concerned.map((r) => ({ ...rankingQuery(asked[r] as Asked, catalogue.size), user: String(r) })),
    concerned.map((r) => (ordered[r] as Ordered).list.slice(0, SHOWN)),
    Math.min(SHOWN, Math.max(...asked.map(({ k }) => k))),
    {
      ...options,
      onOutcomes: (outcomes) => {
        counts.push(outcomes);
        options.onOutcomes?.(outcomes);
      },
    },
  );
  const times = live.asked ? timesInWords(live.asked() - before) : 'live';
  const refused = (live.leftOut?.() ?? []).map(
    ({ parameter, because }) => `without ${parameter}, which the server refused: ${because}`,
  );
  const causes = [...counts.map(causesInWords), ...refused].filter((part) => part !== '').join('; ');
  const failed = counts.some(({ fellBack, asked: all }) => fellBack === all && all > 0);
  for (const [c, r] of concerned.entries()) {
    const list = lists[c] ?? [];
    const ranked = new Set(list.map(({ item }) => item));
    const given = (ordered[r] as Ordered).list;
    const rest = given.filter(({ item }) => !ranked.has(item));
    ordered[r] = {
      list: [...list.map(({ item, score }) => ({ item, score })), ...rest],
      reasons: new Map(
        list.flatMap(({ item, explanation }) =>
          explanation === undefined ? [] : [[item, explanation] as const],
        ),
      ),
      order: failed
        ? `the retrievers’: ${model.id} gave no order (${times}): ${causes}`
        : `${model.id}, live, by number among ${Math.min(SHOWN, given.length)} shuffled candidates (${times})${causes === '' ? '' : `; ${causes}`}`,
      ...(failed ? {} : { explanations: `${model.id}, live, from history, profile and tags` }),
    };
  }
}

function timesInWords(asked: number): string {
  if (asked === 0) return 'answered from the cache';
  return `asked ${['never', 'once', 'twice'][asked] ?? `${asked} times`}`;
}

/** Causes with their counts and an example of each, such as what the server said. */
function causesInWords({ causes, examples }: OutcomeCounts): string {
  return Object.entries(causes)
    .map(([cause, count]) => {
      const example = examples?.[cause]?.replace(/\s+/g, ' ').trim();
      return `${cause}${count > 1 ? ` (${count} times)` : ''}${example ? `: ${example}` : ''}`;
    })
    .join('; ');
}
