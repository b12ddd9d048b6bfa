import test from 'ava';
import { seal, unseal } from './seal.ts';
import { equalsSecret, hashToken, newToken, tokenPrefix } from './tokens.ts';

const config = { ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') };

test('opens only what was sealed with this key, for this row, unchanged', (t) => {
  const sealed = seal(config, 'ses_1', 'a refresh token');
  t.false(sealed.includes('refresh'));
  t.is(unseal(config, 'ses_1', sealed), 'a refresh token');
  t.throws(() => unseal(config, 'ses_2', sealed));
  t.throws(() => unseal({ ENCRYPTION_KEY: Buffer.alloc(32, 2).toString('base64') }, 'ses_1', sealed));
  const changed = Buffer.from(sealed, 'base64');
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  t.throws(() => unseal(config, 'ses_1', changed.toString('base64')));
});

test('tokens differ, are long, and are known again only by their hash', (t) => {
  const [first, second] = [newToken('bst_'), newToken('bst_')];
  t.not(first, second);
  t.true(first.length >= 40);
  t.true(first.startsWith(tokenPrefix(first)));
  t.regex(hashToken(first), /^[0-9a-f]{64}$/);
  t.true(equalsSecret(first, first));
  t.false(equalsSecret(first, `${first}x`));
});
