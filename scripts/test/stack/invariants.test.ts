import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT, type Service, composeConfig, exceptions } from './compose.ts';

const PROFILES = ['postal', 'lago-front', 'pdf', 'restore'];
const PROD = ['docker-compose.yml', 'docker-compose.prod.yml'];
const LOCAL = ['docker-compose.yml', 'docker-compose.local.yml'];
/** What an 8 GB server has left after its own system (contracts/operations.md §2). */
const BUDGET_MIB = 7400;
const MIB = 2 ** 20;

const all = composeConfig({ files: PROD, profiles: PROFILES });
const spared = exceptions();
const services = Object.entries(all.services);
const isOnce = (service: Service) => service.restart === 'no';
const memory = (service: Service) => Number(service.deploy?.resources?.limits?.memory ?? Number.NaN) / MIB;
const running = (stack: typeof all) => Object.entries(stack.services).filter(([, service]) => !isOnce(service));

/** The services that break a rule, so that a failure names them all. */
const offenders = (breaks: (service: Service, name: string) => boolean) =>
  services.filter(([name, service]) => breaks(service, name)).map(([name]) => name);
const isSpared = (name: string, rule: string) => (spared[name]?.[rule] ?? '').length > 10;

const ALL_PROFILE_SETS = Array.from({ length: 2 ** PROFILES.length }, (_, bits) =>
  PROFILES.filter((_profile, index) => bits & (1 << index)),
);

test('Compose accepts the files in every combination of profiles, on a server and on one machine', (t) => {
  for (const files of [PROD, LOCAL])
    for (const profiles of ALL_PROFILE_SETS) t.notThrows(() => composeConfig({ files, profiles }), profiles.join());
});

test('every image from elsewhere has a tag and a digest; every own one is built from such', (t) => {
  const wrong = services.flatMap(([name, service]) => {
    const image = service.image ?? '';
    if (/^[a-z0-9./-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$/.test(image)) return [];
    return image.startsWith('bastide/') ? [] : [`${name}: ${image}`];
  });
  t.deepEqual(wrong, []);
  const own = [...new Set(services.map(([, service]) => service.image ?? ''))].filter((image) =>
    image.startsWith('bastide/'),
  );
  for (const image of own) {
    const build = services.find(([, service]) => service.image === image && service.build)?.[1].build;
    t.truthy(build, `${image} is built by some service`);
    if (!build) continue;
    const inContext = build.context.includes('services/')
      ? build.context.slice(build.context.indexOf('services/'))
      : '';
    const dockerfile = join(ROOT, inContext, build.dockerfile ?? 'Dockerfile');
    t.true(existsSync(dockerfile), dockerfile);
    t.deepEqual(unpinnedBases(readFileSync(dockerfile, 'utf8')), [], dockerfile);
  }
});

/** The bases of a Dockerfile that are neither a stage of it nor pinned by digest. */
function unpinnedBases(dockerfile: string): string[] {
  const args = new Map([...dockerfile.matchAll(/^ARG (\w+)=(\S+)/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
  const stages = new Set([...dockerfile.matchAll(/^FROM .* AS (\S+)/gim)].map((match) => match[1]));
  const from = [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map((match) => match[1] ?? '');
  const copied = [...dockerfile.matchAll(/COPY --from=(\S+)/g)].map((match) => match[1] ?? '');
  return [...from, ...copied]
    .map((base) => base.replace(/\$\{?(\w+)\}?/g, (_, name: string) => args.get(name) ?? base))
    .filter((base) => !stages.has(base) && !/@sha256:[0-9a-f]{64}$/.test(base));
}

test('every service has a limit of memory and of processes', (t) => {
  t.deepEqual(
    offenders((service) => !(memory(service) > 0) || !((service.deploy?.resources?.limits?.pids ?? 0) > 0)),
    [],
  );
});

test('the limits of what runs by default fit a server of 8 GB', (t) => {
  const stack = composeConfig({ files: PROD });
  const sum = running(stack).reduce((total, [, service]) => total + memory(service), 0);
  t.log(`limits of the default profile: ${sum} of ${BUDGET_MIB} MiB, ${running(stack).length} containers`);
  t.true(sum <= BUDGET_MIB, `${sum} MiB`);
});

test('the start fits as well: one-shots run before what waits for them', (t) => {
  const stack = composeConfig({ files: PROD }).services;
  // When a one-shot runs, nothing that waits for it (by whatever way) is up yet.
  const waitsFor = (name: string, once: string, seen = new Set<string>()): boolean =>
    Object.keys(stack[name]?.depends_on ?? {}).some((other) => {
      if (other === once) return true;
      if (seen.has(other)) return false;
      seen.add(other);
      return waitsFor(other, once, seen);
    });
  for (const [once, service] of Object.entries(stack).filter(([, s]) => isOnce(s))) {
    const beside = Object.entries(stack).filter(([name, s]) => name !== once && !isOnce(s) && !waitsFor(name, once));
    const sum = beside.reduce((total, [, s]) => total + memory(s), memory(service));
    t.true(sum <= BUDGET_MIB, `${once}: ${sum} MiB`);
  }
});

test('every service that stays has a healthcheck; every one-shot is waited for', (t) => {
  t.deepEqual(
    offenders((service) => !isOnce(service) && (service.healthcheck?.test?.length ?? 0) < 2),
    [],
  );
  const awaited = new Set(
    services.flatMap(([, service]) =>
      Object.entries(service.depends_on ?? {})
        .filter(([, { condition }]) => condition === 'service_completed_successfully')
        .map(([name]) => name),
    ),
  );
  t.deepEqual(
    offenders((service, name) => isOnce(service) && !awaited.has(name) && !service.profiles?.includes('restore')),
    [],
  );
});

test('every service turns its logs over', (t) => {
  t.deepEqual(
    offenders(
      ({ logging }) =>
        logging?.driver !== 'json-file' || !logging.options?.['max-size'] || !logging.options['max-file'],
    ),
    [],
  );
});

test('every service is hardened, or says why not', (t) => {
  const rules: Record<string, (service: Service) => boolean> = {
    cap_drop: (service) => service.cap_drop?.join() === 'ALL',
    no_new_privileges: (service) => service.security_opt?.includes('no-new-privileges:true') === true,
    read_only: (service) => service.read_only === true,
    user: (service) => service.user !== undefined && !/^(0|root)(:|$)/.test(service.user),
    networks: (service) => Object.keys(service.networks ?? {}).length > 0,
  };
  for (const [rule, holds] of Object.entries(rules)) {
    t.deepEqual(
      offenders((service, name) => !holds(service) && !isSpared(name, rule)),
      [],
      rule,
    );
    // An exception that is no longer needed must go.
    t.deepEqual(
      offenders((service, name) => holds(service) && spared[name]?.[rule] !== undefined),
      [],
      `spared of ${rule} without need`,
    );
  }
  t.deepEqual(
    offenders((service) => service.privileged === true || service.network_mode === 'host'),
    [],
  );
});

test('capabilities are given back to few', (t) => {
  const given = Object.fromEntries(
    services
      .filter(([, service]) => service.cap_add?.length)
      .map(([name, service]) => [name, service.cap_add?.join(' ')]),
  );
  t.deepEqual(given, {
    'volume-init': 'CHOWN',
    'lago-front': 'CHOWN SETGID SETUID NET_BIND_SERVICE',
    ...Object.fromEntries(['init', 'smtp', 'web', 'worker'].map((part) => [`postal-${part}`, 'NET_BIND_SERVICE'])),
    backup: 'DAC_READ_SEARCH',
    restore: 'CHOWN DAC_OVERRIDE FOWNER',
  });
});

test('a healthcheck that looks for a process does not find itself', (t) => {
  const looking = services.flatMap(([name, service]) => {
    const command = service.healthcheck?.test?.at(-1) ?? '';
    const pattern = /grep -qs (\S+) \/proc/.exec(command)?.[1]?.replaceAll(/["']/g, '');
    return pattern === undefined ? [] : [{ name, finds: new RegExp(pattern).test(command) }];
  });
  t.true(looking.length >= 3);
  t.deepEqual(
    looking.filter(({ finds }) => finds).map(({ name }) => name),
    [],
  );
});

test('databases and the insides are on internal networks only', (t) => {
  const inside = [
    'mariadb',
    'postgres',
    'valkey-queue',
    'valkey-cache',
    'objectstore',
    'prometheus',
    'loki',
    'socket-proxy',
  ];
  for (const name of inside)
    for (const network of Object.keys(all.services[name]?.networks ?? {}))
      t.true(all.networks[network]?.internal, `${name} is on ${network}`);
  const onFrontend = offenders((service) => service.networks?.['frontend'] !== undefined);
  t.deepEqual(onFrontend.sort(), [
    'api', 'dashboard', 'gateway', 'grafana', 'keycloak', 'lago-api', 'lago-front', 'postal-web', 'traefik',
  ]); // prettier-ignore
});

test('nothing but Traefik and SMTP listens on the host', (t) => {
  const published = (files: string[]) =>
    Object.entries(composeConfig({ files, profiles: PROFILES }).services).flatMap(([name, service]) =>
      (service.ports ?? []).map((port) => `${name} ${port.host_ip ?? ''}:${port.published}/${port.protocol}`),
    );
  t.deepEqual(published(['docker-compose.yml']), []);
  t.deepEqual(published(PROD).sort(), [
    'postal-smtp :25/tcp',
    'postal-smtp :587/tcp',
    'traefik :443/tcp',
    'traefik :80/tcp',
  ]);
  t.deepEqual(published(LOCAL).sort(), ['traefik 127.0.0.1:443/tcp', 'traefik 127.0.0.1:80/tcp']);
});

test('the Docker socket is seen by its filter alone, read-only, and only Alloy sees the filter', (t) => {
  const sees = offenders((service) => service.volumes?.some(({ source }) => /docker\.sock/.test(source)) === true);
  t.deepEqual(sees, ['socket-proxy']);
  t.true(all.services['socket-proxy']?.volumes?.every((volume) => volume.read_only));
  t.deepEqual(offenders((service) => service.networks?.['docker'] !== undefined).sort(), ['alloy', 'socket-proxy']);
});

test('no secret is in an environment, a command or a default', (t) => {
  const wrong = services.flatMap(([name, service]) =>
    Object.entries(service.environment ?? {})
      .filter(
        ([key, value]) =>
          /PASSWORD|SECRET|TOKEN|_KEY$|PRIVATE|SALT|CREDENTIAL/.test(key) &&
          !/_FILE$|__FILE$|_PATH$|TOKEN_URL$|USE_REFRESH_TOKEN$/.test(key) &&
          value,
      )
      .filter(([, value]) => !/^\/run\/(secrets|bootstrap)\//.test(value ?? ''))
      .map(([key, value]) => `${name} ${key}=${value}`),
  );
  t.deepEqual(wrong, []);
  const text =
    readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8') + readFileSync(join(ROOT, '.env.example'), 'utf8');
  t.notRegex(text, /changeme|minioadmin|supersecret|hunter2|:-(?:password|secret|admin|root|postgres)\}/i);
});

test('every file secret is declared once, used, and lives in secrets/', (t) => {
  const used = new Set(services.flatMap(([, service]) => (service.secrets ?? []).map(({ source }) => source)));
  // Derived from others by the installer, or read only by scripts on the host.
  const forScripts = ['smtp_password'];
  t.deepEqual(
    Object.keys(all.secrets).filter((name) => !used.has(name) && !forScripts.includes(name)),
    [],
  );
  for (const { file } of Object.values(all.secrets)) t.regex(file, /\/secrets\/[a-z0-9_.-]+$/);
});

test('every named volume is used', (t) => {
  const used = new Set(services.flatMap(([, service]) => (service.volumes ?? []).map(({ source }) => source)));
  t.deepEqual(
    Object.keys(all.volumes).filter((name) => !used.has(name)),
    [],
  );
});

test('.env.example has every variable of the compose files, and no other', (t) => {
  const compose = ['docker-compose.yml', 'docker-compose.prod.yml', 'docker-compose.local.yml'].map((file) =>
    readFileSync(join(ROOT, file), 'utf8').replace(/^\s*#.*$/gm, ''),
  );
  const asked = new Set([...compose.join('\n').matchAll(/(?<!\$)\$\{([A-Z0-9_]+)/g)].map((match) => match[1] ?? ''));
  const offered = new Set(
    [...readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(
      (match) => match[1] ?? '',
    ),
  );
  // Read by Compose itself or by the scripts only.
  const ofScripts = [
    'COMPOSE_FILE',
    'COMPOSE_PROFILES',
    'SIZE',
    'ALERT_EMAIL',
    'SMTP_HOST',
    'SMTP_PORT',
    'SMTP_USER',
    'BASTIDE_RELEASES_URL',
  ];
  t.deepEqual([...asked].filter((name) => !offered.has(name)).sort(), []);
  t.deepEqual([...offered].filter((name) => !asked.has(name) && !ofScripts.includes(name)).sort(), []);
});

test('nothing that Docker of Debian 13 or Ubuntu 24.04 refuses is used', (t) => {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  for (const newer of [
    'start_interval',
    'post_start',
    'pre_stop',
    'gw_priority',
    'use_api_socket',
    'container_name:',
    'mem_limit',
    'privileged: true',
  ])
    t.false(text.includes(newer), newer);
});
