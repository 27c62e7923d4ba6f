// Appends one record after the other to the store of a folder, and says so on standard output once it is acknowledged.
import { openFeedbackStore } from '@palate/postgres';

const [, , folder] = process.argv;
const store = await openFeedbackStore(folder);
process.stdout.write('open\n');
for (let n = 0; ; n++) {
  await Promise.all(
    [0, 1, 2].map(async (k) => {
      const id = `kill-${process.pid}-${n}-${k}`;
      await store.append([{ id, user: 'u', item: `i${n}`, time: n, kind: 'view' }]);
      process.stdout.write(`${id}\n`);
    }),
  );
}
