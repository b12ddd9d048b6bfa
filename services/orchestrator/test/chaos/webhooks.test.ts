import test from 'ava';
import { startFullStack } from '#test/support/full-stack.ts';
import { assertNothingLeft, assertOneOfEach, buySite } from '#test/support/main-job.ts';
import { createOwner } from '#test/support/people.ts';
import { atEnd } from '#test/support/stack.ts';

const MODES = ['webhook_lose', 'webhook_duplicate', 'webhook_reorder'] as const;

for (const kind of MODES)
  test.serial(`every webhook meets ${kind}, and the end state is the same`, async (t) => {
    t.timeout(150_000);
    const stack = await startFullStack(atEnd(t), { env: { BILLING_RECONCILE_MS: '1500' } });
    for (const target of ['lago', 'stripe']) stack.sandbox.world.faults.add({ target, kind });
    await stack.startApi();
    await stack.startWorker();
    const owners = [await createOwner(stack.app), await createOwner(stack.app)];
    await Promise.all(owners.map((owner) => buySite(stack, owner)));
    for (const owner of owners) await assertOneOfEach(t, stack, owner);
    await assertNothingLeft(t, stack);
    const struck = stack.sandbox.world.log.list().filter((entry) => entry.direction === 'out');
    t.true(struck.length > 0);
    t.log(
      `${kind}: ${struck.length} deliveries, of which ${struck.filter((entry) => entry.status === null).length} never arrived at their time`,
    );
  });
