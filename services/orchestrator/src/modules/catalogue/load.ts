import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Catalogue, parseCatalogue } from './parse.ts';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const loaded = new Map<string, Catalogue>();

/** The file is read once per process: a new catalogue takes a restart. A relative path is meant from the package. */
export function loadCatalogue(file: string): Catalogue {
  const path = resolve(PACKAGE, file);
  let catalogue = loaded.get(path);
  if (!catalogue) {
    catalogue = parseCatalogue(readFileSync(path, 'utf8'), file);
    loaded.set(path, catalogue);
  }
  return catalogue;
}
