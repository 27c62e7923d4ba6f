// Programs that tests start as processes of their own, compiled from the sources into few files: a process that compiles
// each of 700 files by a loader takes three times as long to start.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** List of the sources that a compiled program was made of, in its folder. */
const SOURCES = 'sources.json';

/**
 * Compiles a TypeScript program of the workspace, once for all tests of a run, and again when a source has changed.
 *
 * Only the workspace's own sources are put together. Installed packages stay where they are, as each source finds them; and
 * each source still takes itself for the file that it is, so that what lies beside it is found.
 *
 * @param program - path of the TypeScript file
 * @param threads - paths of the TypeScript files that it starts as threads, from a file that names them in the same folder
 * @returns path of the file to run
 */
export async function compiledProgram(program: string, threads: readonly string[] = []): Promise<string> {
  const entries = [program, ...threads];
  const shared = join(tmpdir(), 'palate-programs');
  const folder = join(
    shared,
    createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 16),
  );
  const file = `${basename(program, '.ts')}.js`;
  if (await isCurrent(folder)) return join(folder, file);
  await mkdir(shared, { recursive: true });
  const own = await mkdtemp(`${folder}-`);
  const { metafile } = await build({
    entryPoints: entries.map((path) => ({ in: path, out: basename(path, '.ts') })),
    outdir: own,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['palate-source'],
    keepNames: true,
    metafile: true,
    logLevel: 'error',
    plugins: [asIfUnbundled(threads)],
  });
  const sources = Object.keys(metafile.inputs).map((path) => join(process.cwd(), path));
  await writeFile(join(own, 'package.json'), '{ "type": "module" }');
  await writeFile(join(own, SOURCES), JSON.stringify(sources));
  // Another worker may have made it meanwhile, or a process may still run what is out of date there.
  return join(
    await rename(own, folder).then(
      () => folder,
      () => own,
    ),
    file,
  );
}

/** Whether a program was compiled, and no source of it was written since. */
async function isCurrent(folder: string): Promise<boolean> {
  try {
    const list = join(folder, SOURCES);
    const [{ mtimeMs: made }, sources] = [
      await stat(list),
      JSON.parse(await readFile(list, 'utf8')) as string[],
    ];
    const written = await Promise.all(sources.map(async (source) => (await stat(source)).mtimeMs));
    return written.every((time) => time < made);
  } catch {
    return false;
  }
}

/** Keeps installed packages out, and gives each source the address that it has uncompiled. */
function asIfUnbundled(threads: readonly string[]): Plugin {
  const isInstalled = (path: string): boolean => path.includes('/node_modules/');
  const compiledThreads = threads.map((path) => `./${basename(path, '.ts')}.js`);
  return {
    name: 'as if unbundled',
    setup({ onResolve, onLoad, resolve }) {
      const asked = Symbol('asked already');
      onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, importer, resolveDir, kind }) => {
        if (pluginData === asked) return undefined;
        if (isBuiltin(path)) return { external: true };
        const found = await resolve(path, { importer, resolveDir, kind, pluginData: asked });
        // A package that is not installed is missing when the program asks for it.
        if (found.errors.length > 0) return { path, external: true };
        return isInstalled(found.path) ? { path: pathToFileURL(found.path).href, external: true } : found;
      });
      onLoad({ filter: /\.(ts|mjs|js)$/ }, async ({ path }) => {
        if (isInstalled(path)) return undefined;
        const source = await readFile(path, 'utf8');
        const loader = path.endsWith('.ts') ? 'ts' : 'js';
        // A file that starts a thread finds the compiled one beside the compiled program.
        if (compiledThreads.some((thread) => source.includes(thread))) return { contents: source, loader };
        const resolved = new Map<string, string>();
        for (const [, name = ''] of source.matchAll(/import\.meta\.resolve\('([^']+)'\)/g)) {
          const found = await resolve(name, {
            importer: path,
            resolveDir: join(path, '..'),
            kind: 'import-statement',
            pluginData: asked,
          });
          resolved.set(name, pathToFileURL(found.path).href);
        }
        const contents = source
          .replaceAll(/import\.meta\.resolve\('([^']+)'\)/g, (_, name: string) =>
            JSON.stringify(resolved.get(name)),
          )
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
        return { contents, loader };
      });
    },
  };
}
