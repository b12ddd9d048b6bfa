import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isRoot, sandbox } from './sandbox.ts';

const asRoot = isRoot ? test.serial : test.skip;
const DOMAIN = ['--domain', 'cloud.example.com', '--email', 'me@example.com', '--acme-dns-provider', 'desec'];

asRoot('lists every failure at once, each with its fix, and changes nothing', async (t) => {
  const box = sandbox(t);
  const machine = join(box.folder, 'machine');
  writeFileSync(join(machine, 'etc/os-release'), 'PRETTY_NAME="Fedora 44"\nID=fedora\nVERSION_ID=44\n');
  writeFileSync(join(machine, 'proc/meminfo'), 'MemTotal: 2000000 kB\nMemAvailable: 1000000 kB\nSwapTotal: 0 kB\n');
  writeFileSync(join(machine, 'proc/sys/vm/overcommit_memory'), '0\n');
  mkdirSync(join(machine, 'sys/fs/selinux'), { recursive: true });
  writeFileSync(join(machine, 'sys/fs/selinux/enforce'), '1');
  const before = box.snapshot();
  const { code, out } = await box.run('install.sh', ['--yes', ...DOMAIN], {
    FAKE_CORES: '1',
    FAKE_FREE: '12',
    FAKE_PORTS: '80 nginx\n443 haproxy',
    FAKE_SKEW: '4000',
    FAKE_DOCKER_VERSION: '19.03.1',
    FAKE_COMPOSE_VERSION: '2.20.0',
    FAKE_REGISTRY: '000',
  });
  t.is(code, 10, out);
  for (const check of ['os', 'cores', 'memory', 'disk', 'docker', 'compose', 'ports', 'clock', 'outbound', 'dns'])
    t.regex(out, new RegExp(`✖ ${check} `), check);
  for (const check of ['swap', 'kernel', 'security-module']) t.regex(out, new RegExp(`! ${check} `), check);
  t.regex(out, /Port 80 is taken by nginx \(process 812\)/);
  t.regex(out, /fix {2}systemctl disable --now nginx/);
  t.regex(out, /Port 443 is taken by haproxy/);
  t.regex(out, /app\.cloud\.example\.com has no address/);
  t.regex(out, /WHAT {2}This machine is not ready/);
  t.regex(out, /CODE {2}10/);
  const after = box.snapshot();
  delete after['.bastide/appliance/lock'];
  t.deepEqual(after, before);
});

asRoot('a check that does not apply can be left out by its name', async (t) => {
  const box = sandbox(t);
  const args = ['--yes', '--mode', 'local', '--configure-only'];
  const without = await box.run('install.sh', args, { FAKE_PORTS: '443 nginx' });
  t.is(without.code, 10, without.out);
  const skipped = await box.run('install.sh', [...args, '--skip-check', 'ports'], { FAKE_PORTS: '443 nginx' });
  t.is(skipped.code, 0, skipped.out);
});

asRoot('says how Docker comes to this machine when it cannot install it by itself', async (t) => {
  const box = sandbox(t);
  writeFileSync(
    join(box.folder, 'machine/etc/os-release'),
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
  );
  const { code, out } = await box.run('install.sh', ['--yes', '--mode', 'local'], { FAKE_COMPOSE_VERSION: '1.29.2' });
  t.is(code, 10, out);
  t.regex(out, /Compose is 1\.29\.2; 2\.26 or newer is needed/);
  t.regex(out, /download\.docker\.com\/linux\/debian bookworm stable/);
});

asRoot('takes the addresses of the DNS for what they are', async (t) => {
  const box = sandbox(t);
  const args = ['--yes', '--dry-run', ...DOMAIN];
  const here = await box.run('install.sh', args, { FAKE_ADDRESS: '203.0.113.7', DESEC_TOKEN: 'x' });
  t.is(here.code, 0, here.out);
  t.notRegex(here.out, /! dns/);
  const both = await box.run('install.sh', args, {
    FAKE_ADDRESS: '2001:db8::7',
    FAKE_OWN_IPV6: '2001:db8::7',
    DESEC_TOKEN: 'x',
  });
  t.is(both.code, 0, both.out);
  t.regex(both.out, /leads to this machine by IPv6 as well \(2001:db8::7\)/);
  const elsewhere = await box.run('install.sh', args, { FAKE_ADDRESS: '198.51.100.9', DESEC_TOKEN: 'x' });
  t.is(elsewhere.code, 0, elsewhere.out);
  t.regex(elsewhere.out, /leads to 198\.51\.100\.9, which is no address of this machine/);
});
