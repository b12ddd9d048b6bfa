import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { OPERATORS_GUIDES, blocks, documents } from './documents.ts';

const LANGUAGES = ['sh', 'bash', 'text', 'yaml', 'json', 'ts', 'sql', 'http', 'ini', 'js', 'python', 'mermaid'];
const guides = OPERATORS_GUIDES.filter((guide) => existsSync(join(import.meta.dirname, '../..', guide)));
const all = documents().flatMap(blocks);

test('the guides of operators are there', (t) => {
  t.deepEqual(guides, OPERATORS_GUIDES);
});

test('every block of a guide of operators says what it is', (t) => {
  const unknown = all.filter(
    ({ document, language }) => OPERATORS_GUIDES.includes(document) && !LANGUAGES.includes(language),
  );
  t.deepEqual(
    unknown.map(({ document, line }) => `${document}:${line}`),
    [],
  );
});

test('what is typed on a server is in `sh` blocks, which the stack test runs', (t) => {
  const hidden = all.filter(
    ({ document, language, text, notRun }) =>
      OPERATORS_GUIDES.includes(document) &&
      language !== 'sh' &&
      notRun === undefined &&
      /^\s*(\$ |sudo |scripts\/|docker )/m.test(text),
  );
  t.deepEqual(
    hidden.map(({ document, line }) => `${document}:${line}`),
    [],
  );
});

test('YAML in the guides can be read', (t) => {
  for (const { document, line, text } of all.filter(({ language }) => language === 'yaml'))
    for (const parsed of parseAllDocuments(text)) t.deepEqual(parsed.errors, [], `${document}:${line}`);
});
