import anyTest, { type TestFn } from 'ava';
import { traefikBinary } from './binary.ts';
import { Edge, type EdgeOptions } from './edge.ts';

/** Tests of one file share one Traefik. Where there is none they are skipped, and say so. */
export function edgeTest(options: EdgeOptions = {}): TestFn<{ edge: Edge }> {
  const test = anyTest as TestFn<{ edge: Edge }>;
  if (traefikBinary() === undefined) {
    test('the edge (skipped: Traefik can be neither found nor built here)', (t) => t.pass());
    const skipped = Object.assign(test.skip, { serial: test.skip });
    return skipped as unknown as TestFn<{ edge: Edge }>;
  }
  let edge: Edge | undefined;
  test.before(async () => {
    edge = await Edge.start(options);
  });
  test.beforeEach((t) => {
    if (edge) t.context.edge = edge;
  });
  test.after.always(() => edge?.stop());
  return test;
}
