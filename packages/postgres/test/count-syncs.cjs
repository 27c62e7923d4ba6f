// Loaded before everything else: writes a line for each fsync of this process and its threads.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const { fsyncSync, appendFileSync } = fs;
fs.fsyncSync = (file) => {
  fsyncSync(file);
  appendFileSync(process.env.PALATE_TEST_SYNCS, 'fsync\n');
};
syncBuiltinESMExports();
