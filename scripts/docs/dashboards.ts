/** Writes grafana/dashboards/*.json from scripts/docs/dashboards/ and docs/runbook.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { backups, host } from './dashboards/machine.ts';
import { business, sites } from './dashboards/business.ts';
import { databases } from './dashboards/databases.ts';
import { gateway } from './dashboards/gateway.ts';
import { type Section, dashboard, text } from './dashboards/panels.ts';
import { api, overview } from './dashboards/platform.ts';
import { logsDashboard, queues } from './dashboards/queues.ts';

const ROOT = new URL('../../', import.meta.url);

/** The runbook where people look when something is wrong: a row per area, a panel per alert. */
function runbook() {
  const [, ...areas] = readFileSync(new URL('docs/runbook.md', ROOT), 'utf8').split(/^## /m);
  const sections = areas.map((area): Section => {
    const [head = '', ...entries] = area.split(/^### /m);
    const title = head.split('\n', 1)[0] ?? '';
    const panels = entries.map((entry) => {
      const [alert = '', ...lines] = entry.trim().split('\n');
      return text(alert, lines.join('\n').trim(), { width: 12, height: 8 });
    });
    return [title, panels];
  });
  const about = 'What each alert means and what to do (docs/runbook.md).';
  return dashboard({ uid: 'runbook', title: 'Runbook', about, sections });
}

/** File name → content. */
export function dashboards(): Record<string, string> {
  const all = [overview, api, databases, queues, gateway, business, sites, backups, host, logsDashboard, runbook()];
  return Object.fromEntries(
    all.map((one) => [`${one.uid.replace('bastide-', '')}.json`, `${JSON.stringify(one, null, 1)}\n`]),
  );
}

if (import.meta.main)
  for (const [file, content] of Object.entries(dashboards()))
    writeFileSync(new URL(`grafana/dashboards/${file}`, ROOT), content);
