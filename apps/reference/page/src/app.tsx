import { lazy, Suspense, useEffect, useMemo, useRef } from 'react';
import { Waiting } from './parts/notes.js';
import { readRoute, useHash, type ViewName } from './routing/route.js';
import { Colophon } from './shell/colophon.js';
import { Masthead } from './shell/masthead.js';
import { AskView } from './views/ask/ask-view.js';

const CompareView = lazy(() => import('./views/compare/compare-view.js'));
const ItemsView = lazy(() => import('./views/items/items-view.js'));
const MapView = lazy(() => import('./views/map/map-view.js'));
const BenchmarksView = lazy(() => import('./views/benchmarks/benchmarks-view.js'));
const JobsView = lazy(() => import('./views/jobs/jobs-view.js'));

const TITLES: Readonly<Record<ViewName, string>> = {
  ask: 'Ask',
  compare: 'Compare',
  items: 'Items',
  map: 'Map',
  benchmarks: 'Benchmarks',
  jobs: 'Jobs',
};

/** The page: a frame, and the view that the address names. */
export function App() {
  const hash = useHash();
  const { view, query } = useMemo(() => readRoute(hash), [hash]);
  const main = useRef<HTMLElement>(null);
  const shown = useRef(view);

  useEffect(() => {
    document.title = `${TITLES[view]} · Palate`;
    // A screen reader announces the new view; the focus stays where it is at the first one.
    if (shown.current !== view) main.current?.focus({ preventScroll: true });
    if (shown.current !== view) window.scrollTo(0, 0);
    shown.current = view;
  }, [view]);

  return (
    <>
      <button type="button" className="skip button" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Masthead view={view} titles={TITLES} />
      <main className="main" ref={main} tabIndex={-1} aria-label={TITLES[view]}>
        <Suspense fallback={<Waiting>Loading …</Waiting>}>
          <View view={view} query={query} />
        </Suspense>
      </main>
      <Colophon />
    </>
  );
}

function View({ view, query }: { readonly view: ViewName; readonly query: URLSearchParams }) {
  switch (view) {
    case 'ask':
      return <AskView query={query} />;
    case 'compare':
      return <CompareView query={query} />;
    case 'items':
      return <ItemsView query={query} />;
    case 'map':
      return <MapView query={query} />;
    case 'benchmarks':
      return <BenchmarksView query={query} />;
    case 'jobs':
      return <JobsView />;
  }
}
