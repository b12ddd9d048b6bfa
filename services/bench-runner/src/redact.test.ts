import test from 'ava';
import { collectSecrets, MASK, maskSecrets, Redactor } from './redact.ts';

test('finds every value under a key that sounds secret, however deep', (t) => {
  const secrets = collectSecrets({
    name: 'acme',
    admin_password: 'one1',
    create_user: { email: 'a@b.c', password: 'two2' },
    config: { encryption_key: 'three', smtp: [{ mail_password: 4444 }], auth: { id: 'five', list: ['six'] } },
  });
  t.deepEqual(secrets, ['one1', 'two2', 'three', '4444', 'five', 'six']);
});

test('masks those values and nothing else', (t) => {
  t.deepEqual(maskSecrets({ name: 'acme', admin_password: 'x', none: null, list: [1, true], token: '' }), {
    name: 'acme',
    admin_password: MASK,
    none: null,
    list: [1, true],
    token: '',
  });
});

test('masks a secret as it is, escaped in JSON and encoded in an address', (t) => {
  const redactor = new Redactor();
  redactor.add(['p"ss w/rd']);
  t.is(redactor.text('p"ss w/rd p\\"ss w/rd p%22ss%20w%2Frd'), `${MASK} ${MASK} ${MASK}`);
});

test('holds back the beginning of a secret until more has come', (t) => {
  const redactor = new Redactor();
  redactor.add(['secret-word']);
  t.is(redactor.partialText('the sec'), 'the ');
  t.is(redactor.partialText('the secret-word ends'.slice(0, -1)), `the ${MASK} end`);
  t.is(redactor.partialText('the second'), 'the second');
  for (let end = 0; end <= 'x secret-word y'.length; end += 1)
    t.false(redactor.partialText('x secret-word y'.slice(0, end)).includes('sec'));
});

test('masks the longer secret where one contains the other', (t) => {
  const redactor = new Redactor();
  redactor.add(['root', 'root-and-more']);
  t.is(redactor.text('root-and-more'), MASK);
});
