import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Server that `vite dev` hands API calls and websockets to. */
const DEV_SERVER = process.env.GREENROOM_URL ?? 'http://127.0.0.1:8080';
const PROXIED = ['/account/api', '/predictions/api', '/r/', '/ws', '/realtime'];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    // Every asset is a file of its own: the content policy allows no inline script and no data: source.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: Object.fromEntries(PROXIED.map((path) => [path, { target: DEV_SERVER, ws: true }])),
  },
});
