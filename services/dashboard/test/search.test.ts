import test from 'ava';
import { localPath } from '../src/app/search.ts';

test('leads back only to a path of this site', (t) => {
  t.is(localPath('/overview'), '/overview');
  t.is(localPath('/sites/sit_1?tab=steps#log'), '/sites/sit_1?tab=steps#log');
  for (const value of [
    'https://evil.test',
    '//evil.test',
    '/\\evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    '\\/evil.test',
    'javascript:alert(1)',
    '',
    7,
    undefined,
    ['/overview'],
  ])
    t.is(localPath(value), undefined, String(value));
});
