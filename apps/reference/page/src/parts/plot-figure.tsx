import * as Plot from '@observablehq/plot';
import { useEffect, useRef, useState } from 'react';

/**
 * A plot of Observable Plot, drawn again when its width or its data change.
 *
 * Plot puts a style element into what it draws, which a strict content security policy refuses; it is taken out before
 * the drawing enters the page, and the page's own style sheet says the same. Its groups are labelled with the kind of
 * mark, which no screen reader may read on a group; the label of the whole figure stands instead.
 */
export function PlotFigure(props: {
  /** Content of the drawing, in a sentence, for those who do not see it. */
  readonly label: string;
  /** Options of the plot at a width in pixels; keep the function stable while the data are the same. */
  readonly options: (width: number) => Plot.PlotOptions;
  /** Called with the datum under the pointer, or nothing. */
  readonly onPoint?: (datum: unknown) => void;
  /** Called with the datum that was clicked. */
  readonly onPick?: (datum: unknown) => void;
}) {
  const { label, options, onPoint, onPick } = props;
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const handlers = useRef({ onPoint, onPick });
  handlers.current = { onPoint, onPick };

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const plot = Plot.plot({ ...options(width), width });
    for (const style of plot.querySelectorAll('style')) style.remove();
    for (const group of plot.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label');
    plot.addEventListener('input', () => handlers.current.onPoint?.((plot as { value?: unknown }).value));
    plot.addEventListener('click', () => {
      const { value } = plot as { value?: unknown };
      if (value !== undefined && value !== null) handlers.current.onPick?.(value);
    });
    element.replaceChildren(plot);
    return () => plot.remove();
  }, [options, width]);

  return <div className="figure" role="img" aria-label={label} ref={host} />;
}
