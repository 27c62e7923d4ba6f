import { useSyncExternalStore } from 'react';

/** The six views, in the order of the navigation. */
export const VIEWS = ['ask', 'compare', 'items', 'map', 'benchmarks', 'jobs'] as const;
export type ViewName = (typeof VIEWS)[number];

/** Where the page is: a view and what is asked of it. Everything that a shared link has to carry is in here. */
export interface Route {
  readonly view: ViewName;
  readonly query: URLSearchParams;
}

/**
 * Reads the part of the address behind `#`. It holds the whole state, because browsers never send it to a server: what
 * people wish for stays out of access logs.
 */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const view = VIEWS.find((name) => name === path) ?? 'ask';
  return { view, query: new URLSearchParams(query) };
}

/** The address of a view; fields without a value are left out, lists are repeated. */
export function hrefOf(
  view: ViewName,
  fields: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const each of typeof value === 'string' ? [value] : (value ?? []))
      if (each !== '') query.append(name, each);
  const text = query.toString();
  return `#/${view}${text === '' ? '' : `?${text}`}`;
}

/** Goes to an address of the page; `replace` leaves no step to go back to. */
export function go(href: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) {
    history.replaceState(null, '', href);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else location.hash = href;
}

const subscribe = (changed: () => void): (() => void) => {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
};

/** The hash that the page shows, as a text that changes with the address. */
export function useHash(): string {
  return useSyncExternalStore(subscribe, () => location.hash);
}
