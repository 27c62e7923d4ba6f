import { homedir } from 'node:os';
import { join } from 'node:path';

/** Environment and system that decide where a user's caches are. */
export interface UserSystem {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * The user's folder for what Palate can make again: `$XDG_CACHE_HOME/palate` or `~/.cache/palate`, on macOS
 * `~/Library/Caches/palate`, on Windows `%LOCALAPPDATA%\palate`. Nothing is made by asking.
 */
export function userCacheFolder(
  { platform, env, home }: UserSystem = { platform: process.platform, env: process.env, home: homedir() },
): string {
  // As the XDG specification has it: a relative path is no path.
  const xdg = env.XDG_CACHE_HOME;
  if (xdg?.startsWith('/')) return join(xdg, 'palate');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'palate');
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'palate') : join(home, '.cache', 'palate');
}
