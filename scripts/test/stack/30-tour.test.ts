import test from 'ava';
import { ensureInstalled } from './support/installation.ts';
import { tellState } from './support/docker.ts';
import { takeTour } from './support/tour.ts';

test.before('a stack', async () => {
  await ensureInstalled();
});

test('a newcomer signs up at Keycloak, pays, gets a site and uses the gateway, all through the edge', async (t) => {
  const { code, output } = await takeTour();
  if (code !== 0) await tellState();
  for (const line of output.split('\n').filter((one) => one.includes('✔'))) t.log(`${line}`);
  t.is(code, 0, output);
});
