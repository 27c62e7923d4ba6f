const NAME = 'palate-api-key';

/** The key that a person gave for this tab; empty where none was asked for. */
export function apiKey(): string {
  return sessionStorage.getItem(NAME) ?? '';
}

/** Keeps a key until the tab is closed. */
export function keepApiKey(key: string): void {
  sessionStorage.setItem(NAME, key);
}
