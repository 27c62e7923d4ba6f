import { hrefOf, VIEWS, type ViewName } from '../routing/route.js';
import { SchemeSwitch } from './scheme.js';

/** Name, views and colours. */
export function Masthead(props: {
  readonly view: ViewName;
  readonly titles: Readonly<Record<ViewName, string>>;
}) {
  return (
    <header className="masthead">
      <a className="wordmark" href={hrefOf('ask')}>
        <svg viewBox="0 0 32 32" aria-hidden="true" fill="var(--accent)">
          <circle cx="9.5" cy="23" r="6.2" />
          <circle cx="22.6" cy="21.4" r="4.4" />
          <circle cx="13" cy="10.6" r="3.6" />
          <circle cx="23.6" cy="10.4" r="2.6" />
          <circle cx="19" cy="3.8" r="1.7" />
        </svg>
        Palate
      </a>
      <nav className="views" aria-label="Views">
        {VIEWS.map((name) => (
          <a key={name} href={hrefOf(name)} aria-current={name === props.view ? 'page' : undefined}>
            {props.titles[name]}
          </a>
        ))}
      </nav>
      <SchemeSwitch />
    </header>
  );
}
