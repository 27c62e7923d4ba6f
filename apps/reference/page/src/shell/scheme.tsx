import { useState } from 'react';

const NAME = 'palate-scheme';
const SCHEMES = ['system', 'light', 'dark'] as const;
type Scheme = (typeof SCHEMES)[number];
const WORDS: Readonly<Record<Scheme, string>> = { system: 'Auto', light: 'Light', dark: 'Dark' };

/** The scheme that was chosen here before. */
export function keptScheme(): Scheme {
  return SCHEMES.find((each) => each === localStorage.getItem(NAME)) ?? 'system';
}

/** Puts a scheme on the page; `system` follows the machine. */
export function showScheme(scheme: Scheme): void {
  if (scheme === 'system') document.documentElement.removeAttribute('data-scheme');
  else document.documentElement.setAttribute('data-scheme', scheme);
}

/** Light, dark, or as the machine says. */
export function SchemeSwitch() {
  const [scheme, setScheme] = useState(keptScheme);
  const change = (): void => {
    const next = SCHEMES[(SCHEMES.indexOf(scheme) + 1) % SCHEMES.length] ?? 'system';
    localStorage.setItem(NAME, next);
    showScheme(next);
    setScheme(next);
  };
  return (
    <button type="button" className="button is-quiet scheme small" onClick={change}>
      <span className="unseen">Colours: </span>
      {WORDS[scheme]}
    </button>
  );
}
