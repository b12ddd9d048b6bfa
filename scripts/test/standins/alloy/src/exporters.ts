/** Debian's exporters, each at a port of its own on the loopback, started again when one ends. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

interface Exporter {
  /** The component whose metrics it serves. */
  component: string;
  port: number;
  command: string;
  arguments: string[];
  environment?: Record<string, string>;
  path?: string;
}

const secret = (name: string): string => readFileSync(`/run/secrets/${name}`, 'utf8');
const monitoring = () => encodeURIComponent(secret('monitoring_db_password'));

const valkey = (component: string, port: number, host: string, password: string): Exporter => ({
  component: `prometheus.exporter.redis.${component}`,
  port,
  command: 'prometheus-redis-exporter',
  arguments: [`--web.listen-address=127.0.0.1:${port}`, `--redis.addr=redis://${host}:6379`],
  environment: { REDIS_PASSWORD: password },
});

/** The modules that services/prometheus/prometheus.yml names. */
function blackboxModules(): string {
  const certificate = process.env['PROBE_CA_FILE'];
  const tls = certificate ? `tls_config: { ca_file: ${certificate} }` : 'tls_config: {}';
  return `modules:
  http: { prober: http, timeout: 8s, http: { preferred_ip_protocol: ip4 } }
  https: { prober: http, timeout: 8s, http: { valid_status_codes: [200, 204, 301, 302, 303, 307, 308, 401], follow_redirects: false, preferred_ip_protocol: ip4, fail_if_not_ssl: true, ${tls} } }
  site: { prober: http, timeout: 12s, http: { preferred_ip_protocol: ip4, ${tls} } }
  bench: { prober: http, timeout: 8s, http: { preferred_ip_protocol: ip4, valid_status_codes: [200, 404] } }
  tcp: { prober: tcp, timeout: 8s, tcp: { preferred_ip_protocol: ip4 } }
`;
}

export function startExporters(dataDir: string): Map<string, URL> {
  writeFileSync(`${dataDir}/blackbox.yml`, blackboxModules());
  writeFileSync(
    `${dataDir}/mysqld.cnf`,
    `[client]\nhost=mariadb\nport=3306\nuser=monitoring\npassword=${secret('monitoring_db_password')}\n`,
    { mode: 0o600 },
  );
  const exporters: Exporter[] = [
    {
      component: 'prometheus.exporter.unix.host',
      port: 9100,
      command: 'prometheus-node-exporter',
      arguments: [
        '--web.listen-address=127.0.0.1:9100',
        '--path.procfs=/host/proc',
        '--path.sysfs=/host/sys',
        '--path.rootfs=/host/root',
        '--collector.textfile.directory=/textfile',
      ],
    },
    {
      component: 'prometheus.exporter.mysql.mariadb',
      port: 9104,
      command: 'prometheus-mysqld-exporter',
      arguments: ['--web.listen-address=127.0.0.1:9104', `--config.my-cnf=${dataDir}/mysqld.cnf`],
    },
    {
      component: 'prometheus.exporter.postgres.lago',
      port: 9187,
      command: 'prometheus-postgres-exporter',
      arguments: ['--web.listen-address=127.0.0.1:9187'],
      environment: { DATA_SOURCE_NAME: `postgresql://monitoring:${monitoring()}@postgres:5432/lago?sslmode=disable` },
    },
    valkey('queue', 9121, 'valkey-queue', secret('valkey_queue_password')),
    valkey('cache', 9122, 'valkey-cache', secret('valkey_cache_password')),
    {
      component: 'prometheus.exporter.blackbox.probes',
      port: 9115,
      command: 'prometheus-blackbox-exporter',
      arguments: ['--web.listen-address=127.0.0.1:9115', `--config.file=${dataDir}/blackbox.yml`],
      path: '/probe',
    },
  ];
  for (const exporter of exporters) keepRunning(exporter);
  return new Map(
    exporters.map(({ component, port, path = '/metrics' }) => [component, new URL(`http://127.0.0.1:${port}${path}`)]),
  );
}

function keepRunning(exporter: Exporter): void {
  const running = spawn(exporter.command, exporter.arguments, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'], GOMEMLIMIT: '24MiB', GOMAXPROCS: '1', ...exporter.environment },
  });
  running.once('close', (code) => {
    process.stderr.write(`${exporter.command} ended with ${code}\n`);
    setTimeout(() => keepRunning(exporter), 2000);
  });
}
