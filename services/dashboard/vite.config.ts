import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Sonner adds a <style> element when it is imported, which our CSP refuses; styles/index.css imports its sheet instead. */
function sonnerWithoutInlineStyle(): Plugin {
  return {
    name: 'sonner-without-inline-style',
    enforce: 'pre',
    transform(code, id) {
      if (!/sonner[\\/]dist[\\/]index\.mjs/.test(id)) return;
      const stripped = code.replace(/^__insertCSS\(".*"\);?$/m, '');
      if (stripped === code) throw new Error('sonner inserts its styles in another way now: adapt this plugin.');
      return { code: stripped, map: null };
    },
  };
}

/** Compresses once, as well as can be: the API serves `x.js.br` or `x.js.gz` for `x.js` to browsers that take it. */
function precompressed(): Plugin {
  const brotli = promisify(brotliCompress);
  const gzipped = promisify(gzip);
  return {
    name: 'precompressed',
    apply: 'build',
    async writeBundle({ dir = 'dist' }, bundle) {
      const texts = Object.keys(bundle).filter((file) => /\.(js|css|svg)$/.test(file));
      await Promise.all(
        texts.map(async (file) => {
          const content = await readFile(path.join(dir, file));
          await writeFile(path.join(dir, `${file}.br`), await brotli(content));
          await writeFile(path.join(dir, `${file}.gz`), await gzipped(content, { level: 9 }));
        }),
      );
    },
  };
}

// The development server forwards to a running API, by default the quick start's.
// eslint-disable-next-line no-restricted-properties -- a build tool's configuration, not the product's
const apiUrl = process.env.DASHBOARD_API_URL ?? 'http://127.0.0.1:4100';

export default defineConfig({
  plugins: [sonnerWithoutInlineStyle(), react(), tailwindcss(), precompressed()],
  server: { proxy: { '/auth': apiUrl, '/v1': apiUrl } },
  // The pre-bundled sonner would bypass the plugin above.
  optimizeDeps: { exclude: ['sonner'] },
  build: {
    target: 'es2022',
    // Inlined fonts would be data: URLs, which font-src 'self' refuses.
    assetsInlineLimit: 0,
  },
});
