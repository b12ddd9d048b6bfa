import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ROOT, sandbox } from './sandbox.ts';

const OLD = 'ORCHESTRATOR_IMAGE=r.example/o:1@sha256:aa\nBACKUP_IMAGE=r.example/b:1@sha256:bb\n';
const NEW = 'ORCHESTRATOR_IMAGE=r.example/o:2@sha256:cc\nBACKUP_IMAGE=r.example/b:2@sha256:dd\n';

/** An installation of the release bundle 1, whose operator takes one image from a mirror; and the unpacked release 2. */
function installed(t: ExecutionContext) {
  const box = sandbox(t);
  cpSync(join(ROOT, 'scripts/upgrade.d'), box.path('scripts/upgrade.d'), { recursive: true });
  mkdirSync(box.path('.bastide/appliance'), { recursive: true });
  mkdirSync(box.path('target'));
  writeFileSync(box.path('target/package.json'), '{\n  "version": "2.0.0"\n}\n');
  box.write('.env', `${OLD}DASHBOARD_IMAGE=mirror.example/d:mine\nMARIADB_IMAGE=\nBASTIDE_VERSION=1.0.0\n`);
  box.write('images.env', OLD);
  box.write('.bastide/appliance/images.env', OLD);
  const upgrade = async (text: string) => {
    const { code, out } = await box.bash(
      `TARGET_COMMIT=none; for part in scripts/lib/appliance/{git,release}.sh scripts/upgrade.d/*.sh; do source "$part"; done; ${text}`,
    );
    t.is(code, 0, out);
  };
  return { ...box, upgrade };
}

const ADOPT = 'bring_images target; put_images target/images.env; adopt_settings .env target';

test('digests of the release before do not stay: the target is built', async (t) => {
  const box = installed(t);
  await box.upgrade(ADOPT);
  t.is(
    box.read('.env'),
    'ORCHESTRATOR_IMAGE=\nBACKUP_IMAGE=\nDASHBOARD_IMAGE=mirror.example/d:mine\nMARIADB_IMAGE=\nBASTIDE_VERSION=2.0.0\n',
  );
  await box.upgrade('remember_images');
  t.false(existsSync(box.path('images.env')));
  t.false(existsSync(box.path('.bastide/appliance/images.env')));
});

test('digests that were put here for the target are taken, and what a person chose is kept; twice is once', async (t) => {
  const box = installed(t);
  box.write('images.env', `${NEW}DASHBOARD_IMAGE=r.example/d:2@sha256:ee\nDOMAIN=evil.example\n`);
  await box.upgrade(ADOPT);
  const adopted = box.read('.env');
  t.is(adopted, `${NEW}DASHBOARD_IMAGE=mirror.example/d:mine\nMARIADB_IMAGE=\nBASTIDE_VERSION=2.0.0\n`);
  await box.upgrade(ADOPT);
  t.is(box.read('.env'), adopted);
});

test('a rollback has the digests of before again, and the next upgrade takes them for those', async (t) => {
  const box = installed(t);
  await box.upgrade(`upgrade_folder() { echo kept; }; mkdir kept secrets; keep_settings; ${ADOPT}; remember_images
    atomic_write .env 600 <kept/before/.env; put_images kept/before/images.env; remember_images`);
  t.is(box.read('images.env'), OLD);
  t.true(box.read('.env').startsWith(OLD));
  await box.upgrade(ADOPT);
  t.true(box.read('.env').startsWith('ORCHESTRATOR_IMAGE=\nBACKUP_IMAGE=\n'));
});
