const NAME = 'palate-visitor';

/** A name for this browser, under which thumbs are kept: random, and nothing that says who one is. */
export function visitorId(): string {
  const known = localStorage.getItem(NAME);
  if (known) return known;
  // randomUUID is there in secure contexts only, and the page is often served over plain HTTP within a company.
  const made = `page-${Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  localStorage.setItem(NAME, made);
  return made;
}
