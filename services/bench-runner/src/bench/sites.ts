import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Json } from '../redact.ts';
import { replaceFile, syncFolder } from './files.ts';
import { SiteName } from './names.ts';

const SiteConfig = z.record(z.string(), z.json());
export type SiteConfig = Record<string, Json>;

const Creation = z.object({ jobUid: z.string(), databaseName: z.string() });
/** What the making of a site is known by until it is complete. */
export type Creation = z.output<typeof Creation>;

const CREATING = '.creating';
const ARCHIVED = '.archived';

/**
 * The sites of a bench on disk. A site whose creation has begun and not ended has a marker in `sites/.creating/`,
 * written before the first change and removed after the last: whatever happens between, it is never taken for a site.
 */
export class Sites {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  path(site: string, ...rest: string[]): string {
    return path.join(this.dir, site, ...rest);
  }

  /** Names of the finished sites. */
  async list(): Promise<string[]> {
    const names = await readdir(this.dir);
    return names.filter((name) => this.isFinished(name)).sort();
  }

  isFinished(site: string): boolean {
    return (
      SiteName.safeParse(site).success &&
      existsSync(this.path(site, 'site_config.json')) &&
      !existsSync(this.#marker(site))
    );
  }

  hasDirectory(site: string): boolean {
    return existsSync(this.path(site));
  }

  async apps(): Promise<string[]> {
    const file = path.join(this.dir, 'apps.txt');
    return existsSync(file) ? (await readFile(file, 'utf8')).split('\n').filter(Boolean) : [];
  }

  async config(site: string): Promise<SiteConfig> {
    return SiteConfig.parse(JSON.parse(await readFile(this.path(site, 'site_config.json'), 'utf8')));
  }

  /** The site's database as its configuration names it, or undefined when there is no (sound) configuration. */
  async databaseName(site: string): Promise<string | undefined> {
    const config = await this.config(site).catch(() => undefined);
    return typeof config?.['db_name'] === 'string' ? config['db_name'] : undefined;
  }

  async updateConfig(site: string, set: SiteConfig, remove: readonly string[] = []): Promise<void> {
    const config = { ...(await this.config(site)), ...set };
    for (const key of remove) delete config[key];
    const file = this.path(site, 'site_config.json');
    const { mode } = await stat(file);
    await replaceFile(file, `${JSON.stringify(config, null, 1)}\n`, mode);
  }

  async beginCreation(site: string, creation: Creation): Promise<void> {
    await mkdir(path.join(this.dir, CREATING), { recursive: true });
    await replaceFile(this.#marker(site), JSON.stringify(creation), 0o600);
  }

  async creation(site: string): Promise<Creation | undefined> {
    try {
      return Creation.parse(JSON.parse(await readFile(this.#marker(site), 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async endCreation(site: string): Promise<void> {
    await rm(this.#marker(site), { force: true });
    await syncFolder(path.join(this.dir, CREATING));
  }

  get archive(): string {
    return path.join(this.dir, ARCHIVED);
  }

  /** Out of the way under a name that is free; on the same volume, so that it happens at once or not at all. */
  async moveToArchive(site: string): Promise<void> {
    if (!this.hasDirectory(site)) return;
    await mkdir(this.archive, { recursive: true });
    let target = path.join(this.archive, site);
    for (let copy = 1; existsSync(target); copy += 1) target = path.join(this.archive, `${site}${copy}`);
    await rename(this.path(site), target);
  }

  /** Bytes under a folder of the site. */
  async sizeBytes(site: string, ...folder: string[]): Promise<number> {
    const root = this.path(site, ...folder);
    if (!existsSync(root)) return 0;
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(
      files.map((file) =>
        stat(path.join(file.parentPath, file.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  #marker(site: string): string {
    return path.join(this.dir, CREATING, `${site}.json`);
  }
}
