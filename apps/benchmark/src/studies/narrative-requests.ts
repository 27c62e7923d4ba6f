import { type Dataset, type IdMap, RandomStream } from '@palate/core';
import { readFolderLines, readFolderText } from '../prepare.js';

/** A request with the items that answer it. */
export interface TestRequest {
  readonly text: string;
  /** Dense items of the catalogue that is searched. */
  readonly targets: readonly number[];
  /** Items that are not answered with: the history. */
  readonly exclude?: readonly number[] | undefined;
  readonly user?: string | undefined;
}

/** Real requests of tot-reddit whose film is in a catalogue of IMDb numbers. */
export async function totRequests(items: IdMap, split: 'train' | 'validation'): Promise<TestRequest[]> {
  const records = await readFolderLines('tot-reddit', 'derived/movie_queries.jsonl');
  return records.flatMap((record) => {
    const imdb = String(record.imdb_id ?? '').replace(/^tt/, '');
    const item = items.find(imdb);
    return record.split === split && item !== undefined && typeof record.text === 'string'
      ? [{ text: record.text, targets: [item] }]
      : [];
  });
}

/** A title without year, in one form. */
const plain = (title: string): string =>
  title
    .toLowerCase()
    .replace(/\s*\(\d{4}\)\s*$/, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/**
 * Recommendation turns of a collection of dialogues: the dialogue up to the turn as request, the films that its answer
 * recommends as targets, joined by title and year; where a name has no year, by a title that one film alone has. Films
 * that were spoken of before are no targets. The files do not say which were accepted.
 */
export async function dialogueTurns(
  dataset: Dataset,
  name: 'redial' | 'inspired',
  most: number,
): Promise<{ readonly requests: TestRequest[]; readonly joined: number; readonly turns: number }> {
  const byTitle = new Map<string, number[]>();
  for (let item = 0; item < dataset.log.items.size; item++) {
    const title = plain(dataset.catalog.itemText(item, ['title']));
    byTitle.set(title, [...(byTitle.get(title) ?? []), item]);
  }
  const find = (written: string): number | undefined => {
    const found = byTitle.get(plain(written)) ?? [];
    const year = /\((\d{4})\)\s*$/.exec(written)?.[1];
    if (year === undefined) return found.length === 1 ? found[0] : undefined;
    return found.find((item) => dataset.catalog.itemText(item, ['title']).includes(`(${year})`));
  };
  const records = await readFolderLines('conv-rec', `${name}/test.jsonl`);
  const all = records.flatMap((record): TestRequest[] => {
    const { context, rec, entity_name: names } = record as Readonly<Record<string, unknown>>;
    if (!Array.isArray(context) || !Array.isArray(rec) || !Array.isArray(names) || rec.length === 0)
      return [];
    const text = context.filter((turn) => typeof turn === 'string' && turn !== '').join('\n');
    const spoken = plain(text);
    const targets = names
      .filter(
        (each): each is string => typeof each === 'string' && !` ${spoken} `.includes(` ${plain(each)} `),
      )
      .map(find)
      .filter((item) => item !== undefined);
    return text === '' || targets.length === 0 ? [] : [{ text, targets: [...new Set(targets)] }];
  });
  const order = new RandomStream(0).fork(name).shuffle(Int32Array.from(all, (_, k) => k));
  const requests = Array.from(order.subarray(0, most), (k) => all[k] as TestRequest);
  return { requests, joined: all.length, turns: records.length };
}

/** A request for places with judged candidates. */
export interface PlaceRequest {
  readonly text: string;
  readonly candidates: readonly { readonly text: string; readonly grade: number }[];
}

/**
 * Pointrec's requests that can be re-ranked with the records that could be had: at least ten judged places with text, three
 * of them relevant (grade 2 or more) and one not. Most records of large cities are missing.
 */
export async function placeRequests(): Promise<PlaceRequest[]> {
  const needs = JSON.parse(await readFolderText('pointrec', 'orig/infoneeds.json')) as Readonly<
    Record<string, { readonly Title?: string; readonly Description?: string }>
  >;
  const places = new Map(
    (await readFolderLines('pointrec', 'derived/judged_pois.jsonl.gz')).map((place) => [
      String(place.poi_id),
      [
        place.name,
        place.city,
        place.main_category,
        place.sub_categories,
        ...(Array.isArray(place.snippets) ? place.snippets.slice(0, 2) : []).map(
          (each) => (each as { snippet?: unknown }).snippet,
        ),
      ]
        .filter((part) => typeof part === 'string' && part !== '')
        .join('. '),
    ]),
  );
  const judged = new Map<string, { text: string; grade: number }[]>();
  for (const line of (await readFolderText('pointrec', 'orig/qrels.trec')).split('\n')) {
    const [need, , poi, grade] = line.split(/\s+/);
    const text = places.get(poi ?? '');
    if (need === undefined || text === undefined) continue;
    judged.set(need, [...(judged.get(need) ?? []), { text, grade: Number(grade) }]);
  }
  return [...judged].flatMap(([need, candidates]) => {
    const relevant = candidates.filter(({ grade }) => grade >= 2).length;
    const { Title = '', Description = '' } = needs[need] ?? {};
    return candidates.length >= 10 && relevant >= 3 && relevant < candidates.length
      ? [{ text: `${Title} ${Description}`.trim(), candidates }]
      : [];
  });
}
