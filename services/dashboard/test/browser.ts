import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { build } from 'vite';
import { startFakeApi, type FakeApi } from './fake-api.ts';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export interface Stage {
  browser: Browser;
  dist: string;
  close: () => Promise<void>;
}

/** Builds the dashboard aside and starts Debian's Chromium; CHROMIUM_PATH names another one. */
export async function setStage(): Promise<Stage> {
  const dist = await mkdtemp(path.join(tmpdir(), 'bastide-dashboard-'));
  await build({
    root: path.join(import.meta.dirname, '..'),
    logLevel: 'error',
    build: { outDir: dist, emptyOutDir: true },
  });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ARGUMENTS,
  });
  return {
    browser,
    dist,
    close: async () => {
      await browser.close();
      await rm(dist, { recursive: true, force: true });
    },
  };
}

export interface Visit {
  api: FakeApi;
  page: Page;
  /** What the browser complained about: script errors, and everything that the CSP refused. */
  complaints: string[];
  /** Addresses asked for outside our own origin. There must be none. */
  strangers: string[];
  end: () => Promise<void>;
}

export async function visit(stage: Stage, options: BrowserContextOptions = {}): Promise<Visit> {
  const api = await startFakeApi(stage.dist);
  const context = await stage.browser.newContext({
    baseURL: api.url,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser itself reports answers of 4xx as errors; those are the API's normal words.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(api.url)) strangers.push(request.url());
  });
  return {
    api,
    page,
    complaints,
    strangers,
    end: async () => {
      await context.close();
      await api.stop();
    },
  };
}
