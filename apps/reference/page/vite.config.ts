import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `palate serve` listens while the page is developed with `pnpm dev`. */
const SERVER = 'http://127.0.0.1:8080';

// Relative addresses, so that the page may lie under any path of a server; no inline scripts, styles or data
// addresses, so that a strict content security policy holds.
export default defineConfig({
  base: './',
  plugins: [react()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': SERVER, '/health': SERVER, '/openapi.json': SERVER } },
});
