import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PAGE = fileURLToPath(new URL('../../page', import.meta.url));

/** Builds the page where the server looks for it, as its build script does. */
export async function buildPage(): Promise<void> {
  const vite = pathToFileURL(createRequire(`${PAGE}/`).resolve('vite')).href;
  const { build } = (await import(vite)) as { readonly build: (config: object) => Promise<unknown> };
  await build({ root: PAGE, logLevel: 'error' });
}
