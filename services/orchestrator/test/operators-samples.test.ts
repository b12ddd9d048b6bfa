import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startGuideWorld } from '#test/support/guide-world.ts';
import { runSample, samplesOf } from '#test/support/samples.ts';
import { atEnd } from '#test/support/stack.ts';

const GUIDE = 'docs/llm-operators.md';

function hasJq(): boolean {
  try {
    execFileSync('jq', ['--version']);
    return true;
  } catch {
    return false;
  }
}

const title = 'what the operators’ guide of the gateway shows is what happens, in its order';
if (!hasJq()) test.skip(`${title} (there is no jq here)`, () => undefined);
else
  test(title, async (t) => {
    const env = await startGuideWorld(atEnd(t), ['groq', 'openrouter']);
    const cwd = mkdtempSync(join(tmpdir(), 'bastide-guide-'));
    t.teardown(() => rmSync(cwd, { recursive: true }));
    const samples = samplesOf(GUIDE, 'sh');
    const printed: string[] = [];
    for (const sample of samples) printed.push(await runSample(sample, { env, cwd }));
    const all = printed.join('');
    for (const fact of [
      /"name": "openrouter"/,
      /"provider": "groq",\s+"model": "llama-3.1-8b-instant",\s+"share": 0\.5/,
      /^1\n\[/m,
      /half to OpenRouter, to compare/,
      /^2$/m,
      /"nanoUsd": 20000000000/,
      /"alert_level": "normal"/,
    ])
      t.regex(all, fact);
  });
