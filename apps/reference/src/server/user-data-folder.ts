import { homedir } from 'node:os';
import { join } from 'node:path';

/** Environment and system that decide where a user's data are. */
interface UserSystem {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * The user's folder for what nobody can make again, such as feedback: `$XDG_DATA_HOME/palate` or `~/.local/share/palate`, on
 * macOS `~/Library/Application Support/palate`, on Windows `%LOCALAPPDATA%\palate-data`. Nothing is made by asking.
 */
export function userDataFolder(
  { platform, env, home }: UserSystem = { platform: process.platform, env: process.env, home: homedir() },
): string {
  // As the XDG specification has it: a relative path is no path.
  const xdg = env.XDG_DATA_HOME;
  if (xdg?.startsWith('/')) return join(xdg, 'palate');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'palate-data');
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'palate')
    : join(home, '.local', 'share', 'palate');
}
