import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderEdgePage } from './layout.ts';
import { edgePages } from './texts.ts';

/** node pages/render.ts FOLDER: the pages that are not part of the application, into FOLDER/_edge and FOLDER/_status. */
const folder = process.argv[2];
if (folder === undefined) throw new Error('Usage: node pages/render.ts FOLDER');
mkdirSync(path.join(folder, '_edge'), { recursive: true });
for (const page of edgePages) writeFileSync(path.join(folder, '_edge', `${page.status}.html`), renderEdgePage(page));
cpSync(path.join(import.meta.dirname, 'status'), path.join(folder, '_status'), { recursive: true });
