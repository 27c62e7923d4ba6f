import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PAGE = fileURLToPath(new URL('../../page', import.meta.url));

/** Builds the page into a folder, as its build script does, and gives the folder back. */
export async function buildPage(outDir: string): Promise<string> {
  const vite = pathToFileURL(createRequire(`${PAGE}/`).resolve('vite')).href;
  const { build } = (await import(vite)) as { readonly build: (config: object) => Promise<unknown> };
  await build({ root: PAGE, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  return outDir;
}
