import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './installation.ts';
import { runFolder, urlOf } from './setting.ts';
import { run, type Result } from './shell.ts';

export interface Account {
  email: string;
  password: string;
  tenantId: string;
  siteUrl: string;
  llmKey: string;
  model: string;
}

const ACCOUNT_FILE = join(runFolder, 'account.json');

/** scripts/tour through the edge, as a person would: sign up, pay, get a site, use the gateway. */
export async function takeTour(): Promise<Result> {
  const names = join(import.meta.dirname, 'names.ts');
  return run('node', ['--import', names, join(ROOT, 'scripts/tour/tour.ts')], {
    env: {
      ...process.env,
      PUBLIC_URL: urlOf('app'),
      TOUR_CONTROL_URL: 'http://outside:8009',
      TOUR_LAGO_URL: 'http://lago-api:3099',
      TOUR_ACCOUNT_FILE: ACCOUNT_FILE,
    },
  });
}

/** The account that the tour left, taking the tour first where none did. */
export async function account(): Promise<Account> {
  if (!existsSync(ACCOUNT_FILE)) {
    const { code, output } = await takeTour();
    if (code !== 0) throw new Error(`the tour did not get through:\n${output}`);
  }
  return JSON.parse(readFileSync(ACCOUNT_FILE, 'utf8')) as Account;
}
