import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import en from '#locales/en/index.ts';
import fr from '#locales/fr/index.ts';

const SOURCE = path.join(import.meta.dirname, '../src');
const PLURAL = /_(zero|one|two|few|many|other)$/;

type Dictionary = { [key: string]: string | Dictionary };

function flatten(dictionary: Dictionary, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(dictionary).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[prefix + key, value]] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}

const texts = { en: flatten(en), fr: flatten(fr) };
const source = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('locales') && !file.endsWith('.test.ts'))
  .map((file) => ({ file, code: readFileSync(path.join(SOURCE, file), 'utf8') }));

const stem = (key: string) => key.replace(PLURAL, '');
const stems = (keys: Iterable<string>) => new Set([...keys].map(stem));
const placeholders = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).toSorted();

test('every text exists in every language', (t) => {
  t.deepEqual([...stems(texts.fr.keys())].toSorted(), [...stems(texts.en.keys())].toSorted());
});

test('no text is empty, and translations keep the placeholders', (t) => {
  for (const [locale, dictionary] of Object.entries(texts)) {
    for (const [key, text] of dictionary) {
      t.not(text.trim(), '', `${locale}: ${key}`);
      const original = texts.en.get(key) ?? texts.en.get(`${stem(key)}_other`) ?? '';
      t.deepEqual(placeholders(text), placeholders(original), `${locale}: ${key}`);
    }
  }
});

test('counted texts have every plural form of their language', (t) => {
  for (const [locale, dictionary] of Object.entries(texts)) {
    const forms = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
    const counted = stems([...dictionary.keys()].filter((key) => PLURAL.test(key)));
    for (const key of counted)
      for (const form of forms) t.true(dictionary.has(`${key}_${form}`), `${locale}: ${key}_${form}`);
  }
});

test('every text that the pages ask for exists', (t) => {
  const known = stems(texts.en.keys());
  for (const { file, code } of source)
    for (const [, key] of code.matchAll(/\bt\(\s*'([^']+)'/g)) t.true(known.has(key ?? ''), `${file}: ${key}`);
});

test('no text is left that no page asks for', (t) => {
  const literals = new Set(
    source.flatMap(({ code }) => [...code.matchAll(/'([\w.]+\.[\w.]+)'/g)].map(([, key]) => key)),
  );
  // t(`sites.status.${status}`) uses everything that fits its pattern.
  const patterns = source.flatMap(({ code }) =>
    [...code.matchAll(/(?:\bt\(|\bknownText\(|'translation',)\s*`([^`]+)`/g)].map(
      ([, template = '']) => new RegExp(`^${template.replaceAll('.', '\\.').replace(/\$\{[^}]+\}/g, '[\\w.-]+')}$`),
    ),
  );
  const unused = [...stems(texts.en.keys())].filter(
    (key) => !literals.has(key) && !patterns.some((pattern) => pattern.test(key)),
  );
  t.deepEqual(unused, []);
});

test('no component has text of its own', (t) => {
  // Text between tags, or in the attributes that people read or hear.
  const patterns = [
    /(?<!=)>\s*([A-Z][a-z]+[^<>{}=;]*)</g,
    /(?:aria-label|placeholder|title|label|alt)="([^"]*[a-z]{2}[^"]*)"/g,
  ];
  const allowed = new Set(['Bastide', 'sk-bst-…']);
  const found = source
    .filter(({ file }) => file.endsWith('.tsx'))
    .flatMap(({ file, code }) =>
      patterns.flatMap((pattern) => [...code.matchAll(pattern)].map(([, text = '']) => ({ file, text: text.trim() }))),
    )
    .filter(({ text }) => !allowed.has(text));
  t.deepEqual(found, []);
});
