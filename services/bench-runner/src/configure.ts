import { readFileSync } from 'node:fs';
import { configureBench, readSettings, SettingsError } from './bench/configure.ts';

/**
 * One-shot of the stack: tells every bench process where the stores are. Exit 78: the settings are wrong.
 * The second run finds nothing to change.
 */
try {
  const settings = readSettings(process.env, (path) => readFileSync(path, 'utf8'));
  const changed = await configureBench(settings);
  // Names only: two of the values hold passwords.
  process.stdout.write(
    changed.length === 0 ? 'The bench is configured; 0 changes.\n' : `Configured: ${changed.join(', ')}.\n`,
  );
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`The configuration is wrong:\n${error.message}\n`);
  process.exitCode = 78;
}
