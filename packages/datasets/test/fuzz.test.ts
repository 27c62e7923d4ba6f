/**
 * Mutated small files through every loader, seeded: a right result or a typed error that names the file, no raw
 * exception, no hang, and no row that vanishes without being counted.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Dataset, PalateError, RandomStream } from '@palate/core';
import { expect, test } from 'vitest';
import {
  describeTable,
  loadAmazonReviews,
  loadBookCrossing,
  loadGoodreads,
  loadKuaiRec,
  loadLastFm,
  loadMind,
  loadMovieLens,
  loadMovieTweetings,
  loadRecBole,
  loadS3RecSequences,
  loadSteam,
  loadTable,
  loadYambda,
} from '../src/index.js';
import { SKIP_CAUSES } from '../src/tables/row-faults.js';
import { folderWith } from './files.js';

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));

/** How long one case may take; it needs some milliseconds. */
const LIMIT_MS = 300_000;

interface Subject {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** The file that is mutated. */
  readonly target: string;
  readonly load: (folder: string, target: string, mutant: number) => Promise<Dataset>;
  readonly cases: number;
  /** Interactions that a file must give, counted without the loader; undefined where lines do not tell. */
  readonly count?: (bytes: Buffer) => number | undefined;
}

const CSV =
  'user,item,stars,time\nann,0078748,4.5,1400000000\nbob,7,3,1400000100\nann,"x, y",5,1400000200\nzoé,7,2,1400000300\n';
const COLUMNS = { user: 'user', item: 'item', rating: 'stars', timestamp: 'time' };
const JSONL =
  '{"user":"ann","item":"007","stars":4.5,"time":1400000000}\n{"user":"bob","item":90071992547409479,"stars":3,"time":1400000100}\n';

/** Lines that hold anything, apart from the first. */
const lines = (bytes: Buffer): number =>
  bytes
    .toString('latin1')
    .split('\n')
    .filter((line) => /[^ \r]/.test(line)).length;

/** Every other mutant is read with all faults left out: then they are counted. */
const table = (folder: string, target: string, mutant: number): Promise<Dataset> =>
  loadTable(join(folder, target), COLUMNS, mutant % 2 === 1 ? { skip: SKIP_CAUSES } : {});

const SUBJECTS: readonly Subject[] = [
  {
    name: 'CSV',
    files: { 'a.csv': CSV },
    target: 'a.csv',
    load: table,
    cases: 170,
    // A quote may join lines, which is noted; without quotes each line is a row.
    count: (bytes) => (bytes.includes('"') ? undefined : lines(bytes) - 1),
  },
  {
    name: 'TSV',
    files: { 'a.tsv': CSV.replaceAll(',', '\t').replace('x\t y', 'x y') },
    target: 'a.tsv',
    load: table,
    cases: 140,
    count: (bytes) => lines(bytes) - 1,
  },
  {
    name: 'JSON lines',
    files: { 'a.jsonl': JSONL },
    target: 'a.jsonl',
    load: table,
    cases: 120,
    count: (bytes) => (bytes.toString('latin1').trimStart().startsWith('[') ? undefined : lines(bytes)),
  },
  {
    name: 'JSON array',
    files: { 'a.json': `[${JSONL.trim().replaceAll('\n', ',\n')}]` },
    target: 'a.json',
    load: table,
    cases: 60,
  },
  {
    name: 'Python literals',
    files: {
      'a.json':
        "{'user': u'ann', 'item': 'x\\'y', 'stars': 4.5, 'time': 100}\n{'user': 'bob', 'item': \"z\", 'stars': True, 'time': 200}\n",
    },
    target: 'a.json',
    load: table,
    cases: 70,
    count: (bytes) => (bytes.toString('latin1').trimStart().startsWith('[') ? undefined : lines(bytes)),
  },
  {
    name: 'gzip',
    files: { 'a.csv.gz': gzipSync(CSV) },
    target: 'a.csv.gz',
    load: table,
    cases: 40,
    count: () => 4,
  },
  {
    name: 'MovieLens',
    files: {
      'u.data': '1\t2\t3\t874724710\n1\t3\t4\t874724720\n',
      'u.item': '2|B (1994)|x|\n3|C (1995)|x|\n',
      'u.user': '1|24|M|writer|90210\n',
    },
    target: 'u.item',
    load: (folder) => loadMovieLens(folder),
    cases: 40,
    count: () => 2,
  },
  {
    name: 'MovieTweetings',
    files: {
      'ratings.dat': '1::0068646::10::1381620027\n1::0113277::10::1379466669\n',
      'movies.dat': '0068646::The Godfather (1972)::Crime|Drama\n',
    },
    target: 'ratings.dat',
    load: (folder) => loadMovieTweetings(folder),
    cases: 40,
    count: lines,
  },
  {
    name: 'Amazon',
    files: {
      'r.json': '{"reviewerID":"A1","asin":"B1","overall":5.0,"unixReviewTime":1529193600}\n',
      'meta_r.json': "{'asin': 'B1', 'title': 'Lotion', 'categories': [['Beauty']]}\n",
    },
    target: 'meta_r.json',
    load: (folder) => loadAmazonReviews(folder),
    cases: 40,
    count: () => 1,
  },
  {
    name: 'S3-Rec',
    files: { 'b.txt': '1 1 2 3\n2 3 1\n' },
    target: 'b.txt',
    load: (folder, target) => loadS3RecSequences(join(folder, target)),
    cases: 40,
  },
  {
    name: 'RecBole',
    files: {
      'm.inter':
        'user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n186\t302\t3\t891717742\n',
    },
    target: 'm.inter',
    load: (folder) => loadRecBole(folder),
    cases: 50,
    count: (bytes) => lines(bytes) - 1,
  },
  {
    name: 'MIND',
    files: {
      'behaviors.tsv':
        '1\tU1\t11/15/2019 8:55:22 AM\tN9 N8\tN1-0 N2-1\n2\tU2\t11/15/2019 8:55:22 PM\t\tN1-1\n',
      'news.tsv': 'N1\tsports\tgolf\tTitle\tWords\n',
    },
    target: 'behaviors.tsv',
    load: (folder) => loadMind(folder),
    cases: 50,
  },
  {
    name: 'Book-Crossing',
    files: {
      'BX-Book-Ratings.csv':
        '"User-ID";"ISBN";"Book-Rating"\n"276725";"034545104X";"0"\n"276726";"015\\"5061224";"5"\n',
    },
    target: 'BX-Book-Ratings.csv',
    load: (folder) => loadBookCrossing(folder),
    cases: 40,
  },
  {
    name: 'Goodreads',
    files: {
      'goodreads_interactions.json':
        '{"user_id":"u","book_id":"1","rating":4,"date_added":"Sat Jul 30 07:45:10 -0700 2011"}\n',
    },
    target: 'goodreads_interactions.json',
    load: (folder) => loadGoodreads(folder),
    cases: 30,
  },
  {
    name: 'KuaiRec',
    files: {
      'big_matrix.csv': 'user_id,video_id,timestamp,watch_ratio\n14,148,1593898068.378,0.72\n14,149,,0.5\n',
    },
    target: 'big_matrix.csv',
    load: (folder) => loadKuaiRec(folder),
    cases: 30,
  },
  {
    name: 'Last.fm',
    files: { 'user_artists.dat': 'userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n' },
    target: 'user_artists.dat',
    load: (folder) => loadLastFm(folder),
    cases: 30,
    count: (bytes) => lines(bytes) - 1,
  },
  {
    name: 'Steam',
    files: {
      'australian_users_items.json':
        "{'user_id': '765', 'items': [{'item_id': '10', 'item_name': 'Team', 'playtime_forever': 6}]}\n",
    },
    target: 'australian_users_items.json',
    load: (folder) => loadSteam(folder),
    cases: 30,
  },
];

/** Bytes that mean something to some reader. */
const SPECIAL = Buffer.from('"\'\\,;\t\n\r{}[]:|-.0 \0\xff\xc3', 'latin1');

function mutate(bytes: Buffer, random: RandomStream): Buffer {
  let result = Buffer.from(bytes);
  const changes = 1 + random.integer(2);
  for (let k = 0; k < changes && result.length > 0; k++) {
    const at = random.integer(result.length);
    const length = 1 + random.integer(8);
    switch (random.integer(6)) {
      case 0:
        result[at] = (result[at] as number) ^ (1 << random.integer(8));
        break;
      case 1:
        result[at] = SPECIAL[random.integer(SPECIAL.length)] as number;
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
        break;
      case 3:
        result = Buffer.concat([
          result.subarray(0, at),
          SPECIAL.subarray(random.integer(SPECIAL.length)).subarray(0, length),
          result.subarray(at),
        ]);
        break;
      case 4:
        result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
        break;
      default:
        result = result.subarray(0, at);
    }
  }
  return result;
}

/** Loads a mutant; an error has to be typed, bounded and say where. Returns the data set if there is one. */
async function outcome(
  what: string,
  folder: string,
  load: () => Promise<Dataset>,
): Promise<Dataset | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), LIMIT_MS);
  });
  try {
    const dataset = await Promise.race([load(), hangs]);
    const { reading, log } = dataset;
    const skipped = Object.values(reading?.skipped ?? {}).reduce((sum, count) => sum + count, 0);
    expect(reading?.interactions, what).toBe(log.length);
    expect((reading?.rows ?? 0) - skipped, what).toBe(log.length);
    return dataset;
  } catch (error) {
    if (!PalateError.is(error)) throw new Error(`${what}: ${String(error)}`, { cause: error });
    expect(error.message.length, what).toBeLessThan(3000);
    if (error.code !== 'invalid-input') expect(error.message, what).toContain(folder);
    else expect(error.message, what).toMatch(/columns of/);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

test('the text loaders', async () => {
  let total = 0;
  let loaded = 0;
  for (const { name, files, target, load, cases, count } of SUBJECTS) {
    const folder = await folderWith(files);
    const path = join(folder, target);
    const original = Buffer.from(files[target] as string);
    const random = new RandomStream(19).fork(name);
    // The file as it is loads.
    expect(await outcome(name, folder, () => load(folder, target, 0)), name).toBeDefined();
    for (let k = 0; k < cases; k++) {
      const mutant = mutate(original, random);
      await writeFile(path, mutant);
      const what = `${name}, mutant ${k}: ${JSON.stringify(mutant.toString('latin1'))}`;
      const dataset = await outcome(what, folder, () => load(folder, target, k));
      total++;
      if (!dataset) continue;
      loaded++;
      const expected = count?.(mutant);
      if (expected !== undefined) expect(dataset.reading?.rows, what).toBe(expected);
      // An id never holds what stands for bytes that could not be read.
      for (const ids of [dataset.log.users, dataset.log.items])
        for (const id of ids) expect(id, what).not.toContain('\uFFFD');
    }
  }
  expect(total).toBeGreaterThan(900);
  // Neither does it refuse everything.
  expect(loaded).toBeGreaterThan(250);
});

test('packed and Parquet files', async () => {
  const subjects = [
    { name: 'r.csv.zip', columns: { user: 'user', item: 'item' }, cases: 40 },
    { name: 'r.csv.zst', columns: { user: 'user', item: 'item' }, cases: 40 },
    {
      name: 'polars_zstd.parquet',
      columns: { user: 'user', item: 'item', rating: 'rating', timestamp: 'ts' },
      cases: 40,
    },
    { name: 'nested.parquet', columns: { user: 'user', item: 'item', timestamp: 'ts' }, cases: 30 },
    {
      name: 'yambda_seq.parquet',
      columns: { user: 'uid', item: 'item_id', timestamp: 'timestamp' },
      cases: 30,
    },
  ];
  for (const { name, columns, cases } of subjects) {
    const folder = await folderWith({});
    const path = join(folder, name);
    await cp(join(FIXTURES, name), path);
    const original = await readFile(path);
    const load = (): Promise<Dataset> =>
      name === 'yambda_seq.parquet'
        ? loadYambda(path)
        : loadTable(path, columns, { maxSeconds: 10, maxMegabytes: 256 });
    const rows = (await load()).reading?.rows;
    const random = new RandomStream(19).fork(name);
    for (let k = 0; k < cases; k++) {
      await writeFile(path, mutate(original, random));
      const dataset = await outcome(`${name}, mutant ${k}`, folder, load);
      // A Parquet file says twice how many rows it has; zip, gzip and zstd have checksums.
      if (dataset && !name.includes('yambda')) expect(dataset.reading?.rows, `${name} ${k}`).toBe(rows);
    }
  }
});

test('a folder of parts and what a table is described as', async () => {
  const folder = await folderWith({});
  await mkdir(join(folder, 'user=1'));
  const random = new RandomStream(19).fork('describe');
  for (let k = 0; k < 60; k++) {
    await writeFile(join(folder, 'user=1', 'a.csv'), mutate(Buffer.from(CSV), random));
    const described = await describeTable(folder).catch((error: unknown) => {
      if (PalateError.is(error)) return undefined;
      throw error;
    });
    if (described) expect(described.columns.length).toBeGreaterThan(0);
  }
});
