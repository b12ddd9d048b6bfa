import test from 'ava';
import { retryAfter } from './retry-after.ts';

const NOW = 'Fri, 20 Nov 2026 12:00:00 GMT';
const nowMs = Date.parse(NOW);

const CASES: Record<string, [Record<string, string>, number | undefined]> = {
  'nothing said': [{}, undefined],
  seconds: [{ 'retry-after': '7' }, 7],
  'parts of a second': [{ 'retry-after': '0.25' }, 1],
  'none to wait': [{ 'retry-after': '0' }, 0],
  'a date': [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:09 GMT' }, 9],
  'a date that is past': [{ 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, 0],
  nonsense: [{ 'retry-after': 'soon' }, undefined],
  negative: [{ 'retry-after': '-4' }, undefined],
  'an ISO date': [{ 'retry-after': '2026-11-20T12:00:03Z' }, 3],
  'an hour is a minute': [{ 'retry-after': '3600' }, 60],
  'OpenAI’s milliseconds, before its seconds': [{ 'retry-after-ms': '1200', 'retry-after': '30' }, 2],
  'OpenAI: the limit that is used up': [
    {
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    60,
  ],
  'Groq: the one that is back first when none is used up': [
    { 'x-ratelimit-reset-requests': '2m59.56s', 'x-ratelimit-reset-tokens': '7.66s' },
    8,
  ],
  'milliseconds with their unit': [{ 'x-ratelimit-reset-tokens': '120ms' }, 1],
  'OpenRouter: a time in milliseconds': [
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs + 12_000) },
    12,
  ],
  'a time in seconds': [{ 'x-ratelimit-reset': String(nowMs / 1000 + 5) }, 5],
  'Together: seconds': [{ 'x-ratelimit-reset': '3' }, 3],
  'no limit that we know': [{ 'x-ratelimit-limit-requests': '3' }, undefined],
};
for (const [what, [headers, seconds]] of Object.entries(CASES))
  test(`when to ask again: ${what}`, (t) => t.is(retryAfter({ date: NOW, ...headers }), seconds));

test('without a date of the provider’s, ours is taken', (t) => {
  const seconds = retryAfter({ 'retry-after': new Date(Date.now() + 25_000).toUTCString() });
  t.true(seconds !== undefined && seconds > 20 && seconds <= 25, String(seconds));
});
