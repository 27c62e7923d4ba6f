import { useEffect, useRef, useState } from 'react';
import { explain } from '../../api/calls.js';
import { ErrorNote } from '../../parts/notes.js';
import { type Asked, requestOf } from './asked.js';

/** Asks for an explanation of one item and shows it while it is written. */
export function MoreWords({ item, asked }: { readonly item: string; readonly asked: Asked }) {
  const [text, setText] = useState<string>();
  const [error, setError] = useState<unknown>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setError(undefined);
    setText('');
    try {
      const { k, explain: _, exclude: __, ...who } = requestOf(asked);
      for await (const part of explain({ ...who, item }, controller.signal))
        setText((before) => (before ?? '') + part);
    } catch (caught) {
      if (!controller.signal.aborted) setError(caught);
    }
  };

  if (error) return <ErrorNote error={error} />;
  if (text === undefined)
    return (
      <button type="button" className="more small" onClick={() => void start()}>
        Why this one?
      </button>
    );
  return (
    <p className="reason" aria-live="polite">
      {text === '' ? <span className="muted">Thinking …</span> : text}
    </p>
  );
}
