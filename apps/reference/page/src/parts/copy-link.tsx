import { useEffect, useState } from 'react';

/** Copies the address of what is shown; where that is not allowed, shows it to be copied by hand. */
export function CopyLink() {
  const [state, setState] = useState<'' | 'copied' | 'shown'>('');
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState(''), 3000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      setState('copied');
    } catch {
      setState('shown');
    }
  };
  return (
    <div className="copy-link">
      <button type="button" className="button" onClick={() => void copy()}>
        Copy the link
      </button>
      <span role="status" className="small">
        {state === 'copied' ? 'Copied.' : ''}
      </span>
      {state === 'shown' ? (
        <input
          className="input small"
          readOnly
          aria-label="Link to this list"
          value={location.href}
          onFocus={({ target }) => target.select()}
        />
      ) : null}
    </div>
  );
}
