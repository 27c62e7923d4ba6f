import type { CSSProperties } from 'react';
import type { Stage } from '../../api/types.js';

/** Milliseconds with as many digits as they are worth. */
function milliseconds(value: number): string {
  return value >= 1000
    ? `${(value / 1000).toFixed(1)} s`
    : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** The time of each stage, as one bar and in numbers. */
export function StageTimes({ stages }: { readonly stages: readonly Stage[] }) {
  const total = stages.reduce((sum, stage) => sum + stage.milliseconds, 0);
  return (
    <section>
      <h3>
        Time <span className="muted numbers">{milliseconds(total)}</span>
      </h3>
      <div className="stage-bar" aria-hidden="true">
        {stages.map(({ name, milliseconds: own }, index) => (
          <span
            key={name}
            title={`${name}: ${milliseconds(own)}`}
            style={
              {
                flexGrow: Math.max(own, total / 200),
                '--series': `var(--series-${(index % 8) + 1})`,
              } as CSSProperties
            }
          />
        ))}
      </div>
      <ul className="stages small">
        {stages.map(({ name, milliseconds: own }, index) => (
          <li key={name} style={{ '--series': `var(--series-${(index % 8) + 1})` } as CSSProperties}>
            <span>{name}</span>
            <span className="numbers muted">{milliseconds(own)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
