import type { InputHTMLAttributes } from 'react';
import { LENGTHS } from '../routing/list-length.js';

/** A field for a text. */
export function TextField({
  label,
  onChange,
  ...input
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
} & Pick<InputHTMLAttributes<HTMLInputElement>, 'type' | 'autoComplete' | 'maxLength'>) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <input className="input" onChange={({ target }) => onChange(target.value)} {...input} />
    </label>
  );
}

/** A field with values to choose from. */
export function ChoiceField(props: {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly string[];
  readonly onChange: (choice: string) => void;
}) {
  return (
    <label className="field">
      <span className="label">{props.label}</span>
      <select className="input" value={props.value} onChange={({ target }) => props.onChange(target.value)}>
        {props.choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}

/** A field with the lengths of a list. */
export function LengthField(props: { readonly value: number; readonly onChange: (k: number) => void }) {
  return (
    <ChoiceField
      label="Length"
      value={String(props.value)}
      choices={LENGTHS.map(String)}
      onChange={(k) => props.onChange(Number(k))}
    />
  );
}

/** A field for the name of a user. */
export function UserField(props: { readonly value: string; readonly onChange: (user: string) => void }) {
  return <TextField label="Or a user of the data" autoComplete="off" maxLength={200} {...props} />;
}

/** A field with words by which what is shown is found. */
export function WordsField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (words: string) => void;
}) {
  return <TextField type="search" maxLength={100} {...props} />;
}
