import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { BenchError } from './failure.ts';

const CommonConfig = z.looseObject({ db_host: z.string().default('127.0.0.1'), db_port: z.number().default(3306) });
const SiteConfig = z.looseObject({
  db_name: z.string(),
  db_password: z.string(),
  maintenance_mode: z.union([z.number(), z.boolean()]).optional(),
});
export type SiteConfig = z.output<typeof SiteConfig>;

const DEFAULT_APPS = ['frappe', 'erpnext', 'hrms', 'crm', 'helpdesk', 'insights'];

/** The files of a bench, as far as sites are concerned. */
export class BenchFolder {
  readonly sites: string;

  constructor(sites: string) {
    this.sites = sites;
  }

  common(): z.output<typeof CommonConfig> {
    const file = path.join(this.sites, 'common_site_config.json');
    return CommonConfig.parse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
  }

  /** Apps this bench could install; a bench without apps.txt is taken for a well-filled one. */
  apps(): string[] {
    const file = path.join(this.sites, 'apps.txt');
    if (!existsSync(file)) return DEFAULT_APPS;
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  }

  path(site: string, ...rest: string[]): string {
    return path.join(this.sites, site, ...rest);
  }

  exists(site: string): boolean {
    return existsSync(this.path(site));
  }

  create(site: string): void {
    for (const folder of ['private/backups', 'private/files', 'public/files', 'locks', 'logs'])
      mkdirSync(this.path(site, folder), { recursive: true });
  }

  config(site: string): SiteConfig {
    const file = this.path(site, 'site_config.json');
    if (!existsSync(file)) throw new BenchError(`Site ${site} does not exist!`);
    return SiteConfig.parse(JSON.parse(readFileSync(file, 'utf8')));
  }

  writeConfig(site: string, config: object): void {
    const file = this.path(site, 'site_config.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(config, null, 1)}\n`);
    renameSync(`${file}.new`, file);
  }

  archive(site: string, archivedSites: string): void {
    mkdirSync(archivedSites, { recursive: true });
    let target = path.join(archivedSites, site);
    for (let copy = 1; existsSync(target); copy += 1) target = path.join(archivedSites, `${site}${copy}`);
    renameSync(this.path(site), target);
  }
}
