// Compiles the declarations of an installed package as a program of a user that checks libraries too (`skipLibCheck: false`), with
// each version of TypeScript that is supported.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import own from 'typescript';
import { root } from './workspace.mjs';

/** The version that is supported beside that of the workspace; not a dependency of it, whose `tsc` it would take the place of. */
const NEXT = '6.0.3';

/** The compilers of the versions that are supported; one is installed into the folder given. */
export async function compilers(folder, env) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', `typescript@${NEXT}`], {
    cwd: folder,
    env,
  });
  return [own, createRequire(join(folder, 'package.json'))('typescript')];
}

/**
 * What a program with these declarations sets. The types of Node are those of the workspace; TensorFlow.js needs those of long, which
 * it installs and names as a global.
 */
const settings = (ts, installed) => ({
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  // The files of TypeScript itself.
  skipDefaultLibCheck: true,
  types: ['node', ...(existsSync(join(installed, 'long')) ? ['long'] : [])],
  typeRoots: [join(root, 'node_modules', '@types'), installed],
});

/**
 * Faults that are not ours to mend: tfjs-core 4.22 refers to a version of the types of WebGPU that declares again, and otherwise, what
 * the DOM library of TypeScript 6 declares. Only `skipLibCheck` helps.
 */
const NOT_OURS = /\/node_modules\/@webgpu\/types\//;

/** The files of TypeScript itself, read once for all programs. */
const libraries = new Map();

function hostOf(ts, options) {
  const host = ts.createCompilerHost(options);
  const ofCompiler = dirname(host.getDefaultLibFileName(options));
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => {
    if (!path.startsWith(ofCompiler)) return read(path, ...rest);
    if (!libraries.has(path)) libraries.set(path, read(path, ...rest));
    return libraries.get(path);
  };
  return host;
}

/** Names of what a package exports, by `import` and as types. */
const entries = ({ name, exports: exported }) =>
  Object.keys(exported)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => join(name, entry));

/**
 * Throws with the first faults that TypeScript finds in a program that uses all that a package exports.
 *
 * @param folder - where the package is installed
 * @param versions - what {@link compilers} gave
 * @returns what held, in words
 */
export function checkDeclarations(folder, manifest, versions) {
  const path = join(folder, 'declarations.ts');
  writeFileSync(
    path,
    entries(manifest)
      .map(
        (entry, k) =>
          `import * as all${k} from '${entry}';\nexport * from '${entry}';\nconsole.log(all${k});\n`,
      )
      .join(''),
  );
  const notes = [];
  for (const ts of versions) {
    const options = settings(ts, join(folder, 'node_modules', '@types'));
    const program = ts.createProgram([path], options, hostOf(ts, options));
    const all = ts.getPreEmitDiagnostics(program);
    const faults = all.filter(({ file }) => !NOT_OURS.test(file?.fileName ?? ''));
    notes.push(`TypeScript ${ts.version}${faults.length < all.length ? ' but for the types of WebGPU' : ''}`);
    if (faults.length > 0)
      throw new Error(
        `TypeScript ${ts.version} finds ${faults.length} faults:\n${ts.formatDiagnostics(
          faults.slice(0, 20),
          {
            getCanonicalFileName: (each) => each,
            getCurrentDirectory: () => folder,
            getNewLine: () => '\n',
          },
        )}`,
      );
  }
  return notes.join(', ');
}
