// The table of error codes, read out of the sources: classes that extend `PalateError`, the places that make one by a code,
// and the functions to which such a code is handed. A code that cannot be read fails the build.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { apps, filesBelow, packages } from '../../scripts/workspace.mjs';
import { root } from './places.mjs';

const isText = (node) => node !== undefined && ts.isStringLiteralLike(node);
const isPalateError = (node) => node !== undefined && ts.isIdentifier(node) && node.text === 'PalateError';

/** The first paragraph of a comment, as one line. */
function linesOf(comment = '') {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .split(/\n\s*\n|\n@/)[0]
    .replace(/\s+/g, ' ')
    .replace(/ ?\(`code: [^)]*\)/, '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

/** The comment in front of a node, as one line. */
function commentOf(source, node) {
  const range = (ts.getLeadingCommentRanges(source.text, node.pos) ?? []).at(-1);
  return range === undefined ? '' : linesOf(source.text.slice(range.pos, range.end));
}

/** A text of the sources, with what is put in at run time left open. */
function wordsOf(node) {
  if (node === undefined) return '';
  if (isText(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return `${node.head.text}${node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')}`;
  if (ts.isConditionalExpression(node)) return wordsOf(node.whenTrue) || wordsOf(node.whenFalse);
  return '';
}

const property = (object, name) =>
  object?.properties?.find((each) => ts.isPropertyAssignment(each) && each.name.getText() === name)
    ?.initializer;

/** Words of an error that is made by its parts: the expected input and the hint. */
function saidBy(details) {
  if (details === undefined || !ts.isObjectLiteralExpression(details)) return '';
  const expected = wordsOf(property(details, 'expected'));
  return [expected && `Expected: ${expected.replace(/\.$/, '')}.`, wordsOf(property(details, 'hint'))]
    .filter(Boolean)
    .join(' ');
}

/** Literals of the type that a constructor's `code` has, with their comments. */
function codesOfType(source, type) {
  let found = [];
  const visit = (node) => {
    if (ts.isTypeAliasDeclaration(node) && node.name.text === type && ts.isUnionTypeNode(node.type))
      found = node.type.types.map((each, k, all) => ({
        code: each.literal.text,
        // The comment stands in front of the bar.
        text: linesOf(
          /\/\*\*([\s\S]*?)\*\//.exec(source.text.slice(all[k - 1]?.end ?? node.type.pos, each.end))?.[1],
        ),
      }));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** HTTP statuses of the reference server by code. */
function statuses() {
  const text = readFileSync(join(root, 'apps/reference/src/server/http/failures.ts'), 'utf8');
  const [, table = ''] = /const STATUS[^{]*\{([^}]*)\}/.exec(text) ?? [];
  return new Map([...table.matchAll(/'?([\w-]+)'?: (\d{3})/g)].map(([, code, status]) => [code, status]));
}

export function errorCodes() {
  const sources = [...packages(), ...apps()].flatMap(({ dir }) =>
    filesBelow(join(dir, 'src'), ['.ts']).map((path) =>
      ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true),
    ),
  );
  const rows = new Map();
  const handedOn = new Map();
  const add = (code, name, text) => {
    const row = rows.get(code) ?? { names: new Set(), text: '' };
    row.names.add(name);
    row.text ||= text;
    rows.set(code, row);
  };

  /** A class of errors with one code, or with those of a type. */
  function readClass(source, node) {
    const maker = node.members.find(ts.isConstructorDeclaration);
    const call = maker?.body?.statements
      .filter(ts.isExpressionStatement)
      .map(({ expression }) => expression)
      .find((each) => ts.isCallExpression(each) && each.expression.kind === ts.SyntaxKind.SuperKeyword);
    const [first] = call?.arguments ?? [];
    const about = commentOf(source, node);
    if (isText(first)) return add(first.text, node.name.text, about);
    const type = maker?.parameters.find(({ name }) => name.getText() === first?.getText())?.type;
    const codes = codesOfType(source, type?.getText());
    if (codes.length === 0)
      throw new Error(`${relative(root, source.fileName)}: no code of ${node.name.text} can be read`);
    for (const { code, text } of codes) add(code, node.name.text, text || about);
  }

  /** An error made by its code, or a function that is handed one. */
  function readCall(node) {
    const [first, details] = node.arguments ?? [];
    if (isText(first)) return add(first.text, 'PalateError', saidBy(details));
    const of = ts.findAncestor(node, (each) => ts.isFunctionDeclaration(each));
    const index = of?.parameters.findIndex(({ name }) => name.getText() === first?.getText()) ?? -1;
    if (of?.name !== undefined && index >= 0)
      handedOn.set(of.name.text, { index, about: commentOf(of.getSourceFile(), of) });
  }

  const visitAll = (visit) => {
    for (const source of sources) {
      const walk = (node) => {
        visit(source, node);
        ts.forEachChild(node, walk);
      };
      walk(source);
    }
  };
  visitAll((source, node) => {
    if (ts.isClassDeclaration(node)) {
      if (
        node.heritageClauses?.some(({ types }) => types.some(({ expression }) => isPalateError(expression)))
      )
        readClass(source, node);
    } else if (ts.isNewExpression(node) && isPalateError(node.expression)) readCall(node);
  });
  visitAll((_, node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
    const { index, about } = handedOn.get(node.expression.text) ?? {};
    const code = node.arguments[index];
    if (!isText(code)) return;
    const rest = node.arguments
      .filter((each) => each !== code)
      .map(wordsOf)
      .filter(Boolean);
    add(
      code.text,
      'PalateError',
      rest.length > 1 ? `Expected: ${rest[0]}. ${rest.slice(1).join(' ')}` : about,
    );
  });
  const status = statuses();
  const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ').trim();
  return [
    '| code | class | what it means | HTTP |',
    '|---|---|---|---|',
    ...[...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([code, { names, text }]) =>
          `| \`${code}\` | ${[...names].map((name) => `\`${name}\``).join(', ')} | ${cell(text)} | ${status.get(code) ?? ''} |`,
      ),
  ].join('\n');
}
