import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../artifact/artifact-manifest.js';
import type { Query, Retriever, Saveable } from '../recommend/retriever.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** The contract of retrievers that can be saved: a way back to the same lists and settings, and nothing else. */
export function savingCases(
  subject: () => Promise<Retriever>,
  load: (dir: string) => Promise<Retriever>,
  queries: (retriever: Retriever) => readonly Query[],
): ConformanceCase[] {
  const saveable = async (): Promise<Retriever & Saveable> => (await subject()) as Retriever & Saveable;
  return [
    {
      name: 'loads from a saved folder with the same lists and settings',
      run: () =>
        inTemporaryFolder(async (root) => {
          const retriever = await saveable();
          const dir = join(root, 'saved');
          await retriever.save(dir);
          await retriever.save(dir);
          const again = (await load(dir)) as Retriever & Saveable;
          assert.equal(again.name, retriever.name);
          assert.deepEqual([...again.items], [...retriever.items]);
          assert.deepEqual(again.fittedOn, retriever.fittedOn, 'what it was fitted on');
          const asked = queries(retriever);
          assert.deepEqual(await again.retrieve(asked, 8), await retriever.retrieve(asked, 8));
          assert.deepEqual(await readdir(root), ['saved'], 'nothing else is left beside it');
          const copy = join(root, 'copy');
          await again.save(copy);
          const [first, second] = [await readManifest(dir), await readManifest(copy)];
          for (const key of ['kind', 'version', 'config', 'dataFingerprint', 'fittedOn'] as const)
            assert.deepEqual(second[key], first[key], key);
        }),
    },
    {
      name: 'refuses a missing, foreign or damaged folder, and will not overwrite a foreign one',
      run: () =>
        inTemporaryFolder(async (root) => {
          await refuses(() => load(join(root, 'nowhere')), 'artifact');
          await refuses(() => load(root), 'artifact');
          const retriever = await saveable();
          await writeFile(join(root, 'letter.txt'), 'keep me');
          await refuses(() => retriever.save(root), 'artifact');
          const whole = join(root, 'saved');
          await retriever.save(whole);
          for (const name of await readdir(whole)) {
            const dir = join(root, `without-${name}`);
            await retriever.save(dir);
            await writeFile(join(dir, name), 'damaged');
            await refuses(() => load(dir), 'artifact');
          }
        }),
    },
  ];
}
