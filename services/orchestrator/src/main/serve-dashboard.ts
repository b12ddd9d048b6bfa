import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Middleware } from 'koa';
import serveStatic from 'koa-static';

/**
 * The built dashboard, when the API serves it itself (quick start). Unknown paths that a browser asks for as a page
 * get index.html, because the dashboard routes on its own.
 */
export function serveDashboard(folder: string): Middleware[] {
  const index = join(folder, 'index.html');
  const files = serveStatic(folder, {
    setHeaders: (response, path) => {
      // Built assets carry a hash in their name; the page itself must always be fresh.
      response.setHeader(
        'cache-control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  const page: Middleware = async (koa, next) => {
    const isPage = koa.method === 'GET' && koa.accepts('html') && !/^\/(v1|auth|webhooks)\//.test(koa.path);
    if (!isPage || !(await isFile(index))) {
      await next();
      return;
    }
    koa.type = 'html';
    koa.set('cache-control', 'no-cache');
    koa.body = createReadStream(index);
  };
  return [files, page];
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
