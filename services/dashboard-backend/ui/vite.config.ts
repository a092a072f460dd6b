import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Serves the API from the handlers the tests use: `npm run dev:mock` needs no backend. */
function mockApi(): Plugin {
  return {
    name: 'quantapilot-mock-api',
    async configureServer(server) {
      const { mockApiMiddleware } = await import('./scripts/mock-api.mjs');
      server.middlewares.use(
        mockApiMiddleware(() => server.ssrLoadModule('/src/test/handlers.ts')),
      );
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === 'mock' ? [mockApi()] : [])],
  server: {
    port: 5173,
    ...(mode === 'mock'
      ? {}
      : { proxy: { '/api': process.env['QUANTAPILOT_GATEWAY'] ?? 'http://127.0.0.1:3000' } }),
  },
  build: {
    target: 'es2022',
    sourcemap: false,
    // A data: URL would need `img-src data:` and `font-src data:` in the CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'jsdom',
    environmentOptions: { jsdom: { url: 'http://dashboard.test' } },
    setupFiles: ['src/test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    testTimeout: 40_000,
    maxWorkers: 2,
    css: false,
  },
}));
