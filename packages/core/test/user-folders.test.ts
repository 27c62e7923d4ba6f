import { expect, test } from 'vitest';
import { userCacheFolder, userDataFolder } from '../src/index.js';

const on = (platform: string, env: Record<string, string> = {}): string[] =>
  [userCacheFolder, userDataFolder].map((folder) => folder({ platform, env, home: '/home/ann' }));

test("a user's files lie where the system keeps them: what can be made again apart from what cannot", () => {
  expect(on('linux')).toEqual(['/home/ann/.cache/palate', '/home/ann/.local/share/palate']);
  expect(on('linux', { XDG_CACHE_HOME: '/cache', XDG_DATA_HOME: '/data' })).toEqual([
    '/cache/palate',
    '/data/palate',
  ]);
  expect(on('darwin')).toEqual([
    '/home/ann/Library/Caches/palate',
    '/home/ann/Library/Application Support/palate',
  ]);
  expect(on('win32', { LOCALAPPDATA: '/local' })).toEqual(['/local/palate', '/local/palate-data']);
});

test('a relative path in a variable is no path', () => {
  expect(on('linux', { XDG_CACHE_HOME: 'relative', XDG_DATA_HOME: 'relative' })).toEqual(on('linux'));
});
