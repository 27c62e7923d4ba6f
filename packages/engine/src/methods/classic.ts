import { CLASSIC_METHODS } from '@palate/retrievers';
import { callOptions } from './fit-options.js';
import type { Method } from './method.js';

/** Methods that count, compare and factorise interactions, as their package lists them. */
export const CLASSIC: readonly Method[] = CLASSIC_METHODS.map(
  ({ of, ignoresHistory = false, zeroIsNothing = false, quick, ...entry }) => ({
    ...entry,
    package: '@palate/retrievers',
    kind: 'retriever',
    needs: ignoresHistory ? [] : ['history'],
    zeroIsNothing,
    ...(quick && { defaults: { full: {}, quick } }),
    fit: (dataset, settings, context) => of.fit(dataset, { ...settings, ...callOptions(context) }),
    load: (dir) => of.load(dir),
  }),
);
