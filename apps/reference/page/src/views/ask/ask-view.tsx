import { useQuery } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import { giveThumb, recommend } from '../../api/calls.js';
import type { Answer } from '../../api/types.js';
import { visitorId } from '../../api/visitor.js';
import { CopyLink } from '../../parts/copy-link.js';
import { LengthField, UserField } from '../../parts/fields.js';
import { ItemChip } from '../../parts/item-chip.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { TitlePicker } from '../../parts/title-picker.js';
import { AnswerList } from './answer-list.js';
import { type Asked, ask, isAsked, readAsked, requestOf, withThumb } from './asked.js';
import { Provenance } from './provenance.js';
import './ask.css';

/** Asks by a wish in words, by titles, or for a user of the data; shows the list and where it came from. */
export function AskView({ query }: { readonly query: URLSearchParams }) {
  const asked = useMemo(() => readAsked(query), [query]);
  const [thumbError, setThumbError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  const answer = useQuery({
    queryKey: ['recommend', requestOf(asked), turn],
    queryFn: ({ signal }) => recommend(requestOf(asked), signal),
    enabled: isAsked(asked),
    placeholderData: (before) => before,
  });

  const onThumb = (item: string, kind: 'like' | 'dislike'): void => {
    const next = withThumb(asked, item, kind);
    const isGiven = next[kind === 'like' ? 'ups' : 'downs'].includes(item);
    setThumbError(undefined);
    ask(next);
    if (!isGiven) return;
    // The server knows more of its users than the address says: ask again once it has counted the thumb.
    giveThumb(asked.user || visitorId(), item, kind).then(
      () => (asked.user === '' ? undefined : setTurn((before) => before + 1)),
      setThumbError,
    );
  };

  return (
    <div className="view">
      <AskForm key={`${asked.text} ${asked.user}`} asked={asked} />
      {thumbError ? <ErrorNote error={thumbError} /> : null}
      {isAsked(asked) ? (
        answer.isError ? (
          <ErrorNote error={answer.error} />
        ) : answer.data ? (
          <div className="ask-answer" aria-busy={answer.isPlaceholderData}>
            <section aria-label="Answer" className="ask-list">
              <Understood answer={answer.data} />
              {answer.data.items.length === 0 ? (
                <EmptyNote>
                  <p>
                    <strong>Nothing is left to recommend.</strong> Everything that fits is ruled out: take
                    back a thumb or ask for something else.
                  </p>
                </EmptyNote>
              ) : (
                <AnswerList items={answer.data.items} asked={asked} onThumb={onThumb} />
              )}
              <div className="ask-foot">
                <CopyLink />
                <p className="small muted">
                  The whole question is in the link, behind the #, so that it stays out of the server’s log.
                </p>
              </div>
            </section>
            <Provenance answer={answer.data} />
          </div>
        ) : (
          <Waiting />
        )
      ) : null}
    </div>
  );
}

/** The question: words first, titles and users beside them. */
function AskForm({ asked }: { readonly asked: Asked }) {
  const [text, setText] = useState(asked.text);
  const [user, setUser] = useState(asked.user);
  const wish = useId();
  return (
    <form
      className="ask-form"
      onSubmit={(event) => {
        event.preventDefault();
        const name = user.trim();
        const isSame = name === asked.user;
        const others = isSame ? asked : { ...asked, picks: [], ups: [], downs: [] };
        ask({ ...others, text: text.trim(), user: name });
      }}
    >
      <h1>
        <label htmlFor={wish}>What are you after?</label>
      </h1>
      <div className="ask-wish">
        <input
          id={wish}
          type="text"
          maxLength={2000}
          autoComplete="off"
          placeholder="In your own words, and what to leave out"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <button className="button is-main" type="submit">
          Recommend
        </button>
      </div>
      <div className="ask-more">
        <TitlePicker
          label="Titles that you like"
          placeholder="Type the beginning of a title"
          without={[...asked.picks, ...asked.ups, ...asked.downs]}
          onPick={({ id }) => ask({ ...asked, text: text.trim(), user: '', picks: [...asked.picks, id] })}
        />
        <UserField value={user} onChange={setUser} />
        <LengthField
          value={asked.k}
          onChange={(k) => ask({ ...asked, text: text.trim(), user: user.trim(), k })}
        />
      </div>
      <Chosen asked={asked} />
    </form>
  );
}

/** Items that were picked or thumbed, each to be taken back. */
function Chosen({ asked }: { readonly asked: Asked }) {
  const { picks, ups, downs } = asked;
  if (picks.length + ups.length + downs.length === 0) return null;
  const without = (list: readonly string[], id: string): string[] => list.filter((each) => each !== id);
  return (
    <ul className="chips" aria-label="Counts for this list">
      {picks.map((id) => (
        <ItemChip key={`pick ${id}`} id={id} onRemove={() => ask({ ...asked, picks: without(picks, id) })} />
      ))}
      {ups.map((id) => (
        <ItemChip
          key={`up ${id}`}
          id={id}
          kind="up"
          onRemove={() => ask({ ...asked, ups: without(ups, id) })}
        />
      ))}
      {downs.map((id) => (
        <ItemChip
          key={`down ${id}`}
          id={id}
          kind="down"
          onRemove={() => ask({ ...asked, downs: without(downs, id) })}
        />
      ))}
    </ul>
  );
}

/** How the words were read. */
function Understood({ answer }: { readonly answer: Answer }) {
  const { understood } = answer;
  if (!understood) return null;
  const { likes, dislikes, limits } = understood;
  return (
    <p className="understood">
      <span className="muted">Read as </span>
      {likes === '' ? 'anything' : likes}
      {dislikes.length > 0 ? (
        <>
          <span className="muted">, without </span>
          {dislikes.join(', ')}
        </>
      ) : null}
      {limits !== '' ? (
        <>
          <span className="muted">, only </span>
          {limits}
        </>
      ) : null}
    </p>
  );
}
