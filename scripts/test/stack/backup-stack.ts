import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { output, run } from './support/shell.ts';

const ROOT = join(import.meta.dirname, '../../..');
let made = 0;

/** The databases and the backup container of the real compose file, in a folder and a project of their own. */
export class Stores {
  readonly folder = mkdtempSync(join(tmpdir(), 'bastide-stores-'));
  readonly project = `bastide-test-stores-${process.pid}-${(made += 1)}`;

  path = (...parts: string[]) => join(this.folder, ...parts);
  script = (...args: string[]) => run('bash', args, { cwd: this.folder });
  compose = (...args: string[]) => output('docker', ['compose', ...args], { cwd: this.folder });
  composeRun = (...args: string[]) => run('docker', ['compose', ...args], { cwd: this.folder });

  async start(services = ['mariadb', 'postgres', 'valkey-queue', 'backup']): Promise<void> {
    for (const part of [
      'scripts',
      'services',
      'traefik',
      'backups',
      'package.json',
      '.env.example',
      'docker-compose.yml',
      'docker-compose.local.yml',
    ])
      cpSync(join(ROOT, part), this.path(part), {
        recursive: true,
        filter: (path) => !path.includes('node_modules') && !path.includes('/backups/re'),
      });
    const settings = {
      COMPOSE_PROJECT_NAME: this.project,
      COMPOSE_FILE: 'docker-compose.yml:docker-compose.local.yml:scripts/test/compose.standins.yml:override.yml',
      DOMAIN: 'stores.test',
      OPERATOR_EMAIL: 'operator@stores.test',
      BACKUP_SCHEDULE: 'off',
      // Not the names of an installation's images.
      BACKUP_IMAGE: 'bastide-stores-test/backup:1',
      POSTGRES_IMAGE: 'bastide-stores-test/postgres:1',
      BACKUP_MIN_FREE_MB: '64',
    };
    writeFileSync(
      this.path('.env'),
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      { mode: 0o600 },
    );
    // Asked more often than in production, so that the tests wait less.
    const impatient = 'healthcheck: { interval: 2s }';
    writeFileSync(
      this.path('override.yml'),
      `services:\n${services.map((name) => `  ${name}: { ${impatient} }\n`).join('')}`,
    );
    mkdirSync(this.path('secrets/tls'), { recursive: true, mode: 0o700 });
    writeFileSync(this.path('secrets/tls/ca.crt'), '');
    await output(
      'bash',
      ['-Eeuo', 'pipefail', '-c', 'source scripts/lib/appliance/load.sh; env_load .env; ensure_secrets'],
      { cwd: this.folder },
    );
    await this.compose('build', '--quiet', 'postgres', 'backup');
    await this.compose('up', '--detach', '--no-deps', '--no-build', ...services);
    await this.healthy(...services);
  }

  async healthy(...services: string[]): Promise<void> {
    for (const deadline = Date.now() + 120_000; ; await sleep(300)) {
      const states = (await this.compose('ps', '-a', '--format', '{{.Service}} {{.Health}}')).split('\n');
      if (services.every((service) => states.includes(`${service} healthy`))) return;
      if (Date.now() > deadline)
        throw new Error(`${states.join('\n')}\n${await this.compose('logs', '--tail', '20', ...services)}`);
    }
  }

  /** As root of the database, within its container. */
  mariadb = (sql: string) =>
    this.compose(
      'exec',
      '-T',
      'mariadb',
      'sh',
      '-c',
      'MYSQL_PWD=$(cat /run/secrets/mariadb_root_password) exec mariadb --no-defaults --protocol=socket --user=root --batch --skip-column-names --execute="$0"',
      sql,
    );
  postgres = (database: string, sql: string) =>
    this.compose(
      'exec',
      '-T',
      'postgres',
      'psql',
      '--no-psqlrc',
      '--quiet',
      '--tuples-only',
      '--no-align',
      '--set',
      'ON_ERROR_STOP=1',
      '--username',
      'postgres',
      '--host',
      '/var/run/postgresql',
      '--dbname',
      database,
      '--command',
      sql,
    );
  backup = (...args: string[]) => this.composeRun('exec', '-T', 'backup', 'backup', ...args);
  restore = (...args: string[]) =>
    this.composeRun('--profile', 'restore', 'run', '--rm', '-T', '--no-deps', 'restore', 'restore', ...args);

  async remove(): Promise<void> {
    await this.composeRun('--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '2');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
