// Type-checks and runs the examples of doc comments (`@example`). Names that an example does not import are those of its own
// package, then of the other packages, then of scripts/doc-stage/stage.ts. A line of the form `expression; // value`, or
// `console.log(…); // text`, has to come to what its comment says.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exampleFolder } from './example-folder.mjs';
import { filesBelow, packages, root } from './workspace.mjs';

const folder = exampleFolder('doc-examples');
const stage = readFileSync(join(root, 'scripts', 'doc-stage', 'stage.ts'), 'utf8');

/** Names that a module exports, and whether each is a type. */
function exportsOf(text) {
  const names = new Map();
  for (const [, isType, list] of text.matchAll(/^export (type )?\{([^}]*)\}/gm))
    for (const entry of list.split(',')) {
      const name = entry
        .trim()
        .replace(/^type /, '')
        .split(' as ')
        .at(-1);
      if (name) names.set(name, Boolean(isType) || entry.trim().startsWith('type '));
    }
  for (const [, name] of text.matchAll(/^export (?:const|function|async function|class) (\w+)/gm))
    names.set(name, false);
  return names;
}

const sources = packages().map(({ dir, manifest }) => ({
  name: manifest.name,
  dir,
  names: exportsOf(readFileSync(join(dir, 'src', 'index.ts'), 'utf8')),
}));
const staged = { name: './stage.js', names: exportsOf(stage) };
const others = [
  { name: '@palate/core/testing', names: new Map([['retrieverConformance', false]]) },
  { name: 'node:fs/promises', names: new Map([['writeFile', false]]) },
  { name: 'zod', names: new Map([['z', false]]) },
];

/** Names that an example declares itself. */
function declaredIn(code) {
  const names = new Set();
  for (const [, pattern] of code.matchAll(
    /(?:const|let|type|using|class|function)\s+(\{[^}]*\}|\[[^\]]*\]|\w+)/g,
  ))
    for (const [name] of pattern.matchAll(/\w+/g)) names.add(name);
  return names;
}

/** Import lines for the names that an example uses and does not declare. */
function importsOf(code, own) {
  const declared = declaredIn(code);
  const taken = new Set(declared);
  const bare = code.replace(/'(?:[^'\\\n]|\\.)*'|\/\/.*$/gm, "''");
  const lines = [];
  if (/\btf\./.test(bare)) lines.push("import * as tf from '@tensorflow/tfjs-core';");
  for (const { name, names } of [own, staged, ...sources.filter((each) => each !== own), ...others]) {
    const used = [...names].filter(
      ([each]) => !taken.has(each) && new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${each}\\b(?!\\s*:)`).test(bare),
    );
    for (const [each] of used) taken.add(each);
    if (used.length > 0)
      lines.push(
        `import { ${used.map(([each, isType]) => (isType ? `type ${each}` : each)).join(', ')} } from '${name}';`,
      );
  }
  return lines;
}

/** The example with its stated results compared. */
function compared(code) {
  return code.replace(
    /^(?!\s*(?:const|let|type|using|await|for|\}|\/\/))(\s*)(\S.*); \/\/ (.+)$/gm,
    (_, indent, call, said) => {
      const printed = /^(.*)console\.log\((.*)\)$/.exec(call);
      const text = JSON.stringify(said);
      return printed
        ? `${indent}${printed[1]}expectPrinted([${printed[2]}], ${text});`
        : `${indent}expectPrinted([${call}], ${text});`;
    },
  );
}

const files = [];
for (const own of sources)
  for (const path of filesBelow(join(own.dir, 'src'), ['.ts'])) {
    const text = readFileSync(path, 'utf8');
    for (const [, block] of text.matchAll(
      /@example\n(?:\s*\*[^\n`]*\n)*?\s*\* ```ts\n((?:\s*\*[^\n]*\n)*?)\s*\* ```/g,
    )) {
      const code = block.replace(/^\s*\* ?/gm, '');
      const file = `example-${files.length + 1}.ts`;
      const swapped =
        own.name === '@palate/knowledge-augment' ? code.replace(/\bmodel\b/g, 'clickModel') : code;
      const body = compared(swapped);
      const uses = body.includes('expectPrinted(')
        ? ["import { expectPrinted } from './expect-printed.js';"]
        : [];
      folder.write(file, [...importsOf(swapped, own), ...uses, body].join('\n'));
      files.push({ file, where: relative(root, path) });
    }
  }
for (const file of ['all.ts', 'expect-printed.ts', 'stage.ts'])
  folder.write(file, readFileSync(join(root, 'scripts', 'doc-stage', file), 'utf8'));
writeFileSync(join(folder.work, 'examples.json'), JSON.stringify(files));

const hold = folder.typesHold();
const ran = hold && folder.start('all.ts', { cwd: folder.work });
process.stdout.write(
  `doc examples: ${files.length} ${hold ? 'type-checked' : 'NOT type-checked'}, ${ran ? 'all ran' : 'NOT all ran'}\n`,
);
if (hold && ran) folder.remove();
process.exit(hold && ran ? 0 : 1);
