/** What scripts/support-bundle.sh lets through: no piece of a secret in any form, and still a text that helps. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import test from 'ava';

const PROGRAM = join(import.meta.dirname, '../lib/appliance/redact.pl');
const WINDOW = 12;
const folder = mkdtempSync(join(tmpdir(), 'bastide-redact-'));
const secrets = join(folder, 'secrets');
const VALUES: Record<string, string> = {
  database_password: randomBytes(30).toString('base64url'),
  encryption_key: randomBytes(32).toString('base64'),
  odd: 'pa"ss\\wo rd/with+odd=signs&é',
  pin: 'x7Kq9Z',
  lago_rsa_private_key: Buffer.from(
    `-----BEGIN PRIVATE KEY-----\n${randomBytes(96).toString('base64')}\n-----END PRIVATE KEY-----\n`,
  ).toString('base64'),
};

test.before(() => {
  mkdirSync(join(secrets, 'tls'), { recursive: true });
  for (const [name, value] of Object.entries(VALUES)) writeFileSync(join(secrets, name), value);
  writeFileSync(join(secrets, 'acme-dns.env'), `# the provider\nCF_DNS_API_TOKEN=${VALUES.database_password}zz\n`);
  writeFileSync(join(secrets, 'llm_provider_keys'), `# ours\nGROQ_API_KEY=${VALUES.database_password}yy\n`);
  writeFileSync(join(secrets, 'database_url'), `mysql://bastide:${VALUES.database_password}@mariadb:3306/bastide`);
  writeFileSync(join(secrets, 'tls/tls.crt'), 'public-certificate-text');
  writeFileSync(join(secrets, 'empty'), '');
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const redact = (text: string) => execFileSync('perl', [PROGRAM, secrets], { input: text, encoding: 'utf8' });

/** Every form that the value might take in a log. */
function forms(value: string): string[] {
  const base64 = ['', 'a', 'ab'].map((before) => Buffer.from(before + value).toString('base64'));
  return [
    value,
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    Buffer.from(value).toString('hex'),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ];
}

test('no twelve characters of a secret remain, whatever they are encoded as and whatever surrounds them', (t) => {
  for (const [name, value] of Object.entries(VALUES)) {
    // What is shorter than a window is only looked for as it is, as a word of its own.
    for (const form of value.length < WINDOW ? [value] : forms(value)) {
      for (const text of [
        form,
        `before ${form} after`,
        `"key":"${form}"`,
        form.slice(3, -2),
        `x${form.slice(0, 20)}y`,
      ]) {
        const said = redact(`${text}\n`);
        for (let at = 0; at + WINDOW <= form.length; at += 1)
          if (text.includes(form.slice(at, at + WINDOW)))
            t.false(said.includes(form.slice(at, at + WINDOW)), `${name}: ${text} became ${said}`);
      }
    }
  }
});

test('a key inside a base64 file is known by its lines as well', (t) => {
  const line =
    Buffer.from(VALUES.lago_rsa_private_key ?? '', 'base64')
      .toString()
      .split('\n')[1] ?? '';
  t.is(redact(`${line}\n`), '[secret]\n');
});

test('keys of providers go, their names stay', (t) => {
  t.is(redact(`GROQ_API_KEY ${VALUES.database_password}yy\n`), 'GROQ_API_KEY [secret]\n');
});

test('tokens, headers, cookies and the names of people go, also when no file knows them', (t) => {
  const cases: [string, RegExp][] = [
    ['Authorization: Bearer abc.def-ghi', /abc/],
    ['{"headers":{"authorization":"Basic Zm9vOmJhcg==","cookie":"sid=1; b=2"}}', /Zm9v|sid=1/],
    ['set-cookie: __Host-session=s3cr3t; Path=/', /s3cr3t/],
    ['jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', /eyJ|c2ln/],
    ['key sk-bst-AbCdEfGhIjKlMnOp, sk_live_51AbCdEfGhIj, bst_0123456789abcdef', /AbCdEf|012345/],
    ['GET /auth/callback?code=4f2a&state=9c1b HTTP/1.1', /4f2a|9c1b/],
    ['redis://:hunter22@valkey-queue:6379/0', /hunter22/],
    ['{"password":"hunter22","apiKey":"abcd"}', /hunter22|abcd/],
    ['jane.doe+x@example.com signed in', /jane|doe/],
  ];
  for (const [text, gone] of cases) t.notRegex(redact(`${text}\n`), gone);
});

test('what helps stays', (t) => {
  const lines = [
    'image: mariadb:11.8.9@sha256:2d2f4095530294735a857cfe22bb101e19b0849b416911c796ec4aa81b164a62',
    'DATABASE_URL_FILE: /run/secrets/database_url',
    'connect ECONNREFUSED mariadb:3306',
    '2026-11-20T13:00:00.000Z "GET /v1/sites HTTP/1.1" 502 requestId=01JD8 tenant=ten_01',
    'public-certificate-text',
    'groq is off: GROQ_API_KEY is not set.',
  ];
  t.is(redact(lines.join('\n') + '\n'), lines.join('\n') + '\n');
});

test('the last look finds what the first let through', (t) => {
  const clean = join(folder, 'clean.txt');
  const dirty = join(folder, 'dirty.txt');
  writeFileSync(clean, 'nothing here\n');
  writeFileSync(dirty, `well\n${Buffer.from(VALUES.database_password ?? '').toString('base64')}\n`);
  const { status, stdout } = spawnSync('perl', [PROGRAM, '--check', secrets, clean, dirty], { encoding: 'utf8' });
  t.is(status, 1);
  t.is(stdout, `${dirty}\n`);
  t.is(spawnSync('perl', [PROGRAM, '--check', secrets, clean]).status, 0);
});
