import { LENGTHS } from '../routing/list-length.js';

/** A field with the lengths of a list. */
export function LengthField(props: { readonly value: number; readonly onChange: (k: number) => void }) {
  return (
    <label className="field">
      <span className="label">Length</span>
      <select
        className="input"
        value={props.value}
        onChange={({ target }) => props.onChange(Number(target.value))}
      >
        {LENGTHS.map((k) => (
          <option key={k}>{k}</option>
        ))}
      </select>
    </label>
  );
}

/** A field for the name of a user. */
export function UserField(props: { readonly value: string; readonly onChange: (user: string) => void }) {
  return (
    <label className="field">
      <span className="label">Or a user of the data</span>
      <input
        className="input"
        autoComplete="off"
        maxLength={200}
        value={props.value}
        onChange={({ target }) => props.onChange(target.value)}
      />
    </label>
  );
}

/** A field with words by which what is shown is found. */
export function WordsField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (words: string) => void;
}) {
  return (
    <label className="field">
      <span className="label">{props.label}</span>
      <input
        className="input"
        type="search"
        maxLength={100}
        value={props.value}
        onChange={({ target }) => props.onChange(target.value)}
      />
    </label>
  );
}
