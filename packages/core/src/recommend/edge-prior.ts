import { ArtifactError } from '../basics/errors.js';
import { isObject } from '../basics/options.js';
import type { IdMap } from '../data/id-map.js';
import { ItemEdges } from '../data/item-edges.js';
import type { Provenance } from '../data/provenance.js';
import { option } from '../settings/option-declarations.js';
import { savedProvenance } from './provenance-of-models.js';

/**
 * Declares the options of a retriever that takes edges between items as a prior: `edges` and `edgeStrength`.
 *
 * @param about - one line on what the strength does, and its default
 */
export function edgePriorOptions(about: {
  readonly strength: string;
  readonly default: number;
  /** Largest strength, where there is one. */
  readonly max?: number | undefined;
}) {
  return {
    edges: option
      .value<ItemEdges>('edges between items (`ItemEdges`)', (value) => value instanceof ItemEdges)
      .optional({
        doc: 'edges between items as a prior, from `@palate/graph-augment` or another source',
        identity: (edges) => edges.identity(),
      }),
    edgeStrength: option.number({ min: 0, max: about.max }).optional({
      doc: `${about.strength}; ${about.default} if left out, where there are edges`,
    }),
  } as const;
}

/** Settings of {@link edgePriorOptions}. */
export interface EdgePriorSettings {
  readonly edges?: ItemEdges | undefined;
  readonly edgeStrength?: number | undefined;
}

/** Edges in the order of a retriever's items, with their strength. */
export interface EdgePrior {
  readonly edges: ItemEdges;
  readonly strength: number;
}

/** The prior of some settings; nothing where there are no edges, or where they have no strength. */
export function edgePriorOf(
  { edges, edgeStrength }: EdgePriorSettings,
  items: IdMap,
  fallback: number,
): EdgePrior | undefined {
  const strength = edgeStrength ?? fallback;
  return edges && strength > 0 ? { edges: edges.align(items), strength } : undefined;
}

/** Settings of a manifest, with what the edges of the fit know where there were edges. */
export function withEdgeProvenance(
  saved: Readonly<Record<string, unknown>>,
  provenance: Provenance | undefined,
  strength: number | undefined,
): Readonly<Record<string, unknown>> {
  return provenance ? { ...saved, edgeStrength: strength, edgeProvenance: provenance } : saved;
}

/**
 * Settings of a manifest that {@link withEdgeProvenance} wrote, restored as they were declared, with what the edges know.
 *
 * @param dir - the artifact, for the message
 * @throws ArtifactError for a strength without a note of what the edges know, or settings that the declaration refuses
 */
export function restoredWithEdges<C>(
  dir: string,
  config: unknown,
  options: { restored(dir: string, config: unknown): C },
): { readonly settings: C; readonly provenance: Provenance | undefined } {
  if (!isObject(config)) return { settings: options.restored(dir, config), provenance: undefined };
  const { edgeProvenance, ...settings } = config;
  if (edgeProvenance === undefined && settings.edgeStrength !== undefined)
    throw new ArtifactError(dir, {
      expected: 'the provenance of its edges (edgeProvenance) in the manifest',
      received: 'none',
      hint: 'The manifest was changed by hand or by another program: fit and save again.',
    });
  const provenance = edgeProvenance === undefined ? undefined : savedProvenance(dir, edgeProvenance);
  return { settings: options.restored(dir, settings), provenance };
}
