import { defineOptions, InvalidInputError, type OptionsOf, option } from '@palate/core';
import { SHAPE } from '@palate/nn';

const KINDS = ['hybrid-experts', 'mlp', 'linear'] as const;

/** How knowledge vectors become small augmented ones. */
export type AdaptorKind = (typeof KINDS)[number];

/** Options of the adaptor. */
export const ADAPTOR = defineOptions(
  'the knowledge adaptor',
  {
    kind: option.choice(KINDS)({
      default: 'hybrid-experts',
      doc: "`'mlp'` and `'linear'` are the paper's ablations",
    }),
    shared: option.integer({ min: 0, max: 64 }).optional({
      doc: 'experts shared by both sides, which then need vectors of equal width; 2 if left out, none for the ablations',
    }),
    dedicated: option.integer({ min: 0, max: 64 }).optional({
      doc: 'separate experts of each side; 3 if left out, one for the ablations',
    }),
    widths: option.list(
      option.integer({ min: 1, max: 65_536 }),
      1,
    )({
      default: [128, 32],
      doc: 'widths of an expert’s layers; the last is that of an augmented vector',
    }),
    dropout: SHAPE.dropout({
      default: 0.2,
      doc: 'share of the values dropped in experts',
    }),
    temperature: option.number({ min: 1e-6 }).optional({
      doc: "divides the gates' scores: above 1 experts are mixed more evenly; 1 if left out",
    }),
    hide: option.number({ min: 0, max: 0.99 })({
      default: 0,
      doc: 'chance that the text of a user or item is dropped from a training sample, which keeps the model from memorising users',
    }),
    gate: option.boolean()({
      default: true,
      doc: 'weights the vector of each user and item by a number from 0 to 1, learned from its text and its features, so that useless knowledge is ignored; not in the published adaptor',
    }),
    match: option.boolean()({
      default: false,
      doc: 'adds the product of the augmented user and item vectors if both exist: how well they match, which generalises to new users; not in the published adaptor',
    }),
  },
  [],
);

/** Options of the adaptor. */
export type AdaptorOptions = OptionsOf<typeof ADAPTOR.declarations>;

/** Options of the adaptor as it is built. */
export type AdaptorSettings = ReturnType<typeof adaptorSettings>;

/**
 * Checks the options of an adaptor against each other and the vectors that it reads.
 *
 * @param inputs - width of the vectors of each side that has any
 * @throws InvalidInputError for options that are unknown, out of bounds, or that nothing would read
 */
export function adaptorSettings(
  options: AdaptorOptions = {},
  inputs: Readonly<Partial<Record<'user' | 'item', number>>> = {},
) {
  const settings = ADAPTOR.settings(options);
  const { kind } = settings;
  const isHybrid = kind === 'hybrid-experts';
  const unread = (['shared', 'dedicated', 'temperature'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (!isHybrid && unread !== undefined)
    throw new InvalidInputError({
      expected: `options that an adaptor of kind '${kind}' reads`,
      received: unread,
      hint: "Experts and gates belong to kind 'hybrid-experts'.",
    });
  const shared = isHybrid ? (settings.shared ?? 2) : 0;
  const dedicated = isHybrid ? (settings.dedicated ?? 3) : 1;
  if (shared + dedicated === 0)
    throw new InvalidInputError({
      expected: 'at least one expert',
      received: 'shared: 0 and dedicated: 0',
      hint: 'Set shared or dedicated to at least 1.',
    });
  const { user, item } = inputs;
  if (shared > 0 && user !== undefined && item !== undefined && user !== item)
    throw new InvalidInputError({
      expected: 'vectors of equal width on both sides, which the shared experts read',
      received: `${user} for users and ${item} for items`,
      hint: 'Reduce both to one width with reduceVectors, or pass shared: 0 to the adaptor.',
    });
  return { ...settings, shared, dedicated, temperature: settings.temperature ?? 1 };
}
