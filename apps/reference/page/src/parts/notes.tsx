import { type FormEvent, type ReactNode, useState } from 'react';
import { keepApiKey } from '../api/api-key.js';
import { ApiError } from '../api/client.js';
import { queries } from '../api/queries.js';
import { TextField } from './fields.js';

/** Note of what went wrong, in the server's words, with what helps. */
export function ErrorNote({ error }: { readonly error: unknown }) {
  const { message, hint, code } =
    error instanceof ApiError ? error : { message: String(error), hint: undefined, code: 'page' };
  return (
    <div className="note is-error" role="alert">
      <p>
        <strong>That did not work.</strong> {message}
      </p>
      {hint && !message.includes(hint) ? <p>{hint}</p> : null}
      <p className="small muted">
        Code: <code>{code}</code>
      </p>
      {error instanceof ApiError && error.status === 401 ? <KeyForm /> : null}
    </div>
  );
}

/** Asks for the key that the server wants, and asks everything again with it. */
function KeyForm() {
  const [key, setKey] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    keepApiKey(key);
    void queries.resetQueries();
  };
  return (
    <form className="key-form" onSubmit={submit}>
      <TextField
        label="Key of this server"
        type="password"
        autoComplete="off"
        value={key}
        onChange={setKey}
      />
      <button className="button" type="submit">
        Use it in this tab
      </button>
    </form>
  );
}

/** Says that there is nothing, and why. */
export function EmptyNote({ children }: { readonly children: ReactNode }) {
  return (
    <div className="note" role="status">
      {children}
    </div>
  );
}

/** Says that an answer is on its way. */
export function Waiting({ children = 'Asking the server …' }: { readonly children?: ReactNode }) {
  return (
    <p className="waiting" role="status">
      {children}
    </p>
  );
}
