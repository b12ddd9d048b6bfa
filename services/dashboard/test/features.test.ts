import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';

const SOURCE = path.join(import.meta.dirname, '../src');
const imports = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .flatMap((file) =>
    [...readFileSync(path.join(SOURCE, file), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(
      ([, target = '']) => ({ file, target }),
    ),
  );

/** Where an import leads, as a path below src; packages lead nowhere. */
const resolved = ({ file, target }: { file: string; target: string }): string =>
  target.startsWith('#') ? target.slice(1) : target.startsWith('.') ? path.join(path.dirname(file), target) : '';

const layer = (file: string) => file.split('/')[0] ?? '';
const feature = (file: string) => (layer(file) === 'features' ? file.split('/')[1] : undefined);

test('features meet only in app', (t) => {
  const crossings = imports.filter((entry) => {
    const [from, to] = [feature(entry.file), feature(resolved(entry))];
    return to !== undefined && to !== from && layer(entry.file) !== 'app' && entry.file !== 'main.tsx';
  });
  t.deepEqual(crossings, []);
});

test('the design system knows no feature and no page', (t) => {
  const crossings = imports.filter(
    (entry) =>
      ['ui', 'lib', 'api', 'i18n'].includes(layer(entry.file)) && ['features', 'app'].includes(layer(resolved(entry))),
  );
  t.deepEqual(crossings, []);
});

test('only the api folders of features speak to the API', (t) => {
  const speakers = imports.filter(
    (entry) => resolved(entry) === 'api/client.ts' && !/^features\/[^/]+\/api\//.test(entry.file),
  );
  t.deepEqual(speakers, []);
});
