import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationReference } from '#core/config/reference.ts';
import type { LiveListener } from '#core/live/listen.ts';
import { allRoutes } from './modules.ts';
import { describeApi } from './openapi.ts';

/** Writes what is generated from the code: the OpenAPI description, the dashboard's types, the configuration reference. */
const path = (relative: string) => fileURLToPath(new URL(`../../../../${relative}`, import.meta.url));

// Describing the routes asks nothing of what would serve them.
const noListener = undefined as unknown as LiveListener;

mkdirSync(path('docs/reference'), { recursive: true });
writeFileSync(path('docs/reference/openapi.json'), `${JSON.stringify(describeApi(allRoutes(noListener)), null, 2)}\n`);
writeFileSync(path('docs/reference/configuration.md'), configurationReference());
execFileSync(
  path('node_modules/.bin/openapi-typescript'),
  [path('docs/reference/openapi.json'), '--output', path('services/dashboard/src/api/schema.d.ts')],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
