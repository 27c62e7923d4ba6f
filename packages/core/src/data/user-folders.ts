import { homedir } from 'node:os';
import { join } from 'node:path';

/** Environment and system that decide where a user's files are. */
export interface UserSystem {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Where a kind of files is kept: the variable that names it, and the folders where it is not set. */
interface Places {
  readonly variable: string;
  readonly linux: readonly string[];
  readonly mac: string;
  readonly windows: string;
}

const CACHE: Places = {
  variable: 'XDG_CACHE_HOME',
  linux: ['.cache'],
  mac: 'Caches',
  windows: 'palate',
};
const DATA: Places = {
  variable: 'XDG_DATA_HOME',
  linux: ['.local', 'share'],
  mac: 'Application Support',
  windows: 'palate-data',
};

const here = (): UserSystem => ({ platform: process.platform, env: process.env, home: homedir() });

/**
 * The user's folder for what Palate can make again: `$XDG_CACHE_HOME/palate` or `~/.cache/palate`, on macOS
 * `~/Library/Caches/palate`, on Windows `%LOCALAPPDATA%\palate`. Nothing is made by asking.
 */
export const userCacheFolder = (system: UserSystem = here()): string => folderOf(CACHE, system);

/**
 * The user's folder for what nobody can make again, such as feedback: `$XDG_DATA_HOME/palate` or `~/.local/share/palate`, on
 * macOS `~/Library/Application Support/palate`, on Windows `%LOCALAPPDATA%\palate-data`. Nothing is made by asking.
 */
export const userDataFolder = (system: UserSystem = here()): string => folderOf(DATA, system);

function folderOf(places: Places, { platform, env, home }: UserSystem): string {
  // As the XDG specification has it: a relative path is no path.
  const named = env[places.variable];
  if (named?.startsWith('/')) return join(named, 'palate');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), places.windows);
  return platform === 'darwin'
    ? join(home, 'Library', places.mac, 'palate')
    : join(home, ...places.linux, 'palate');
}
