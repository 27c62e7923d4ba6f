import type { AttributeValue } from '../api/types.js';

/** A few attributes of an item in one quiet line; names stand before numbers only where there is no other hint. */
export function Attributes(props: {
  readonly of: Readonly<Record<string, AttributeValue>>;
  readonly most?: number;
}) {
  const shown = Object.entries(props.of)
    .map(([name, value]) => [name, attributeText(value)] as const)
    .filter(([, text]) => text !== '')
    .slice(0, props.most ?? 4);
  if (shown.length === 0) return null;
  return (
    <span className="attributes muted small">
      {shown.map(([name, text]) => (
        <span key={name} title={name}>
          {text}
        </span>
      ))}
    </span>
  );
}

/** An attribute as text; lists are joined. */
export function attributeText(value: AttributeValue): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}
