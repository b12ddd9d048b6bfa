import { type Browser, type Page, chromium } from 'playwright-core';

// Without these, Chromium calls home at every start and waits for answers that never come on a closed network.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function startChromium(cleanUp: (run: () => Promise<void>) => void): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ARGS,
  });
  cleanUp(() => browser.close());
  return browser;
}

/** What a page complained about; a test that ends with any of it has not gone well. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const isOurs = message.type() === 'error' && !/Failed to load resource/.test(message.text());
    if (isOurs) complaints.push(message.text());
  });
  return complaints;
}
