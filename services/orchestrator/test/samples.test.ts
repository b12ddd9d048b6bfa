import test from 'ava';
import { startGuideWorld } from '#test/support/guide-world.ts';
import { runSample, samplesOf } from '#test/support/samples.ts';
import { atEndOfFile } from '#test/support/stack.ts';

const GUIDE = 'docs/llm-gateway.md';

const cleanUp = atEndOfFile(test);
let variables: Record<string, string>;
test.before(async () => {
  variables = await startGuideWorld(cleanUp, ['openai', 'anthropic']);
});

const samples = samplesOf(GUIDE, 'sh', 'js');

test('the guide has samples for the shell and for Node.js', (t) => {
  for (const language of ['sh', 'js']) t.true(samples.filter((sample) => sample.language === language).length >= 4);
});

for (const sample of samples)
  test(`${GUIDE}:${sample.line} does what it shows (${sample.language})`, async (t) => {
    t.not((await runSample(sample, { env: variables })).trim(), '');
  });
