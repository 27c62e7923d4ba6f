import {
  Catalog,
  createDataset,
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  ParseError,
} from '@palate/core';
import { findFile, needFile } from '../files/find-file.js';
import { addRecord } from '../tables/add-record.js';
import { EntityBuilder, optionalNumber } from '../tables/entity-builder.js';
import { readEntityTable } from '../tables/entity-table.js';
import { LogBuilder } from '../tables/log-builder.js';
import { SKIP_CAUSES } from '../tables/row-faults.js';
import { namesOf } from '../tables/table-columns.js';
import { TIMESTAMP_UNITS } from '../tables/times.js';

/** Options of {@link loadRecBole}, each declared once. */
export const RECBOLE_OPTIONS = defineOptions('loadRecBole', {
  user: option.text()({ default: 'user_id', doc: 'field of the user' }),
  item: option.text().optional({
    doc: 'field of the item; left out: `item_id`, or the token sequence `item_id_list` of a sequence file',
  }),
  rating: option
    .text()
    .optional({ doc: 'field of the rating; left out: `rating` or `label` where there is one' }),
  timestamp: option.text()({ default: 'timestamp', doc: 'field of the time' }),
  timestampUnit: option.choice(TIMESTAMP_UNITS)({ default: 'auto', doc: 'how times are written' }),
  skip: option.list(option.choice(SKIP_CAUSES))({
    default: [],
    doc: 'faults whose rows are left out and counted instead of refused',
  }),
  name: option.text().optional({ doc: 'name of the data set; left out: the path' }),
});

/** Options of {@link loadRecBole}. */
export type RecBoleOptions = OptionsOf<typeof RECBOLE_OPTIONS.declarations> & LongCallOptions;

const LAYOUT = { delimiter: '\t', quote: false, header: true, needed: [] } as const;

type FieldType = 'token' | 'token_seq' | 'float' | 'float_seq';

/** Splits the header of an atomic file: `user_id:token`. */
function fieldsOf(
  path: string,
  header: readonly string[],
): Map<string, { readonly key: string; readonly type: FieldType }> {
  return new Map(
    header.map((key) => {
      const [name, type] = key.split(':');
      if (name === undefined || !/^(token|float)(_seq)?$/.test(type ?? ''))
        throw new ParseError(
          { file: path, line: 1, column: 1 },
          {
            expected:
              'a header of RecBole, fields with their types: user_id:token, item_id:token, rating:float',
            received: JSON.stringify(key),
            hint: 'Add the types, or read the file with loadTable.',
          },
        );
      return [name, { key, type: type as FieldType }];
    }),
  );
}

const split = (text: string | undefined): string[] => (text ?? '').split(' ').filter((part) => part !== '');

/**
 * Reads the atomic files of RecBole: `*.inter` and, where they lie beside it, `*.item` and `*.user`. A sequence file
 * (`item_id_list:token_seq`) gives an interaction for each element.
 *
 * @param path - the folder, or the `.inter` file
 * @throws ParseError naming file, line and what is malformed
 */
export async function loadRecBole(path: string, options: RecBoleOptions = {}): Promise<Dataset> {
  const settings = RECBOLE_OPTIONS.settings(options);
  const file = await needFile(path, 'a .inter file', /\.inter$/);
  let builder: LogBuilder | undefined;
  let lists = 0;
  let keys: {
    [name in 'user' | 'item' | 'rating' | 'timestamp']?: { key: string; type: FieldType } | undefined;
  } = {};
  await readEntityTable(
    file,
    LAYOUT,
    (row, header) => {
      if (!builder) {
        const fields = fieldsOf(file, header);
        const need = (...names: readonly string[]) => {
          for (const name of names) {
            const found = fields.get(name);
            if (found) return found;
          }
          throw new ParseError(
            { file, line: 1, column: 1 },
            {
              expected: `a field ${names.join(' or ')} among ${namesOf([...fields.keys()])}`,
              received: 'none',
              hint: 'Name the field in the options user or item.',
            },
          );
        };
        const rating =
          settings.rating === undefined
            ? (fields.get('rating') ?? fields.get('label'))
            : need(settings.rating);
        const item = settings.item === undefined ? need('item_id', `item_id_list`) : need(settings.item);
        const list = `${settings.timestamp}_list`;
        const timestamp = fields.get(
          item.type === 'token_seq' && fields.has(list) ? list : settings.timestamp,
        );
        keys = {
          user: need(settings.user),
          item,
          rating,
          timestamp,
        };
        builder = new LogBuilder({
          hasRating: rating !== undefined,
          unit: timestamp ? settings.timestampUnit : 'position',
          skip: settings.skip,
          names: { user: keys.user?.key, item: item.key, rating: rating?.key, timestamp: timestamp?.key },
        });
        builder.beginFile(file);
        if (item.type === 'token' && fields.has('item_id_list')) lists = 1;
      }
      if (row.count !== header.length) {
        builder.fault(
          'wrong-width',
          () =>
            new ParseError(
              { file, line: row.at.line, column: 1 },
              {
                expected: `${header.length} fields separated by tabs`,
                received: String(row.count),
                hint: 'Repair or remove the line.',
              },
            ),
        );
        return;
      }
      const value = (field: { key: string; type: FieldType } | undefined): unknown =>
        field === undefined
          ? undefined
          : field.type.endsWith('_seq')
            ? split(row.get(field.key))
            : row.get(field.key);
      addRecord(
        builder,
        {
          user: value(keys.user),
          item: value(keys.item),
          rating: value(keys.rating),
          timestamp: value(keys.timestamp),
        },
        row.at,
      );
    },
    options,
  );
  if (lists > 0)
    builder?.note('the file has both targets and lists of earlier items: only the targets were read');
  const { log, reading } = (builder ?? new LogBuilder({ hasRating: false, unit: 'position' })).build(file);
  const items = await findFile(path, /\.item$/);
  const users = await findFile(path, /\.user$/);
  return createDataset({
    name: settings.name ?? path,
    log,
    catalog:
      items === undefined
        ? new Catalog({ items: log.items, text: {} })
        : (await readEntities(items, 'item', options)).catalog(),
    users: users === undefined ? undefined : (await readEntities(users, 'user', options)).users(),
    licence: 'that of the data set the atomic files were made from',
    source: 'RecBole atomic files. W. X. Zhao et al. RecBole. CIKM 2021. https://recbole.io',
    reading,
  });
}

/** A name under which a text is looked for: titles and descriptions are text, all else is an attribute. */
const isText = (name: string): boolean => /title|name|description|abstract|text/.test(name);

async function readEntities(
  path: string,
  what: 'item' | 'user',
  options: LongCallOptions,
): Promise<EntityBuilder> {
  let builder: EntityBuilder | undefined;
  let fields: [string, { key: string; type: FieldType }][] = [];
  let id = '';
  await readEntityTable(
    path,
    LAYOUT,
    (row, header) => {
      if (!builder) {
        const all = fieldsOf(path, header);
        const own = all.get(`${what}_id`) ?? [...all.values()][0];
        id = own?.key ?? '';
        const texts = [...all.keys()].filter((name) => isText(name) && what === 'item');
        // One title is the title, however the file calls it.
        const titles = texts.filter((name) => name.includes('title'));
        fields = [...all]
          .filter(([, { key }]) => key !== id)
          .map(([name, field]) => [titles.length === 1 && name === titles[0] ? 'title' : name, field]);
        builder = new EntityBuilder(
          what,
          fields.map(([name]) => name).filter((name) => isText(name) && what === 'item'),
          fields.map(([name]) => name).filter((name) => !isText(name) || what === 'user'),
        );
      }
      builder.add(
        row.get(id) ?? '',
        row.at,
        Object.fromEntries(
          fields.map(([name, { key, type }]) => {
            const text = row.get(key);
            if (text === undefined || text === '') return [name, undefined];
            if (type === 'float') return [name, optionalNumber(text)];
            return [name, type === 'token_seq' && !(isText(name) && what === 'item') ? split(text) : text];
          }),
        ),
      );
    },
    options,
  );
  return builder ?? new EntityBuilder(what, [], []);
}
