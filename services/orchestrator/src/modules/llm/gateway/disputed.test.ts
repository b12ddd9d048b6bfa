import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd } from '#test/support/stack.ts';

/** A provider whose word about its own cost is whatever `costs` says next. */
async function boasting(t: ExecutionContext, costs: readonly unknown[]): Promise<string> {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100, cost: costs[asked] };
      asked += 1;
      const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 'x', object: 'chat.completion', model: 'm', choices, usage }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

test('a cost that cannot be is nobody’s bill: our own price is, marked as an estimate, and it is told', async (t) => {
  const costs = [0.25, 1e6, 1e9, -1];
  const world = await startLlmWorld(atEnd(t), { LLM_UPSTREAM_URL: await boasting(t, costs) });
  world.startConsumer();
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  const ours = 1000 * 150 + 100 * 600;
  for (const cost of costs) {
    const { response } = await client.chat.completions.create(hello).withResponse();
    t.is(Number(response.headers.get('x-gateway-cost-usd')), cost === 0.25 ? 0.25 : ours / 1e9, `${cost}`);
  }
  const rows = await world.rowsWhen(costs.length);
  t.deepEqual(
    rows.map((row) => [Number(row.cost_nano_usd), row.price?.split('@')[0], row.is_estimated]),
    [
      [0.25e9, 'provider', 0],
      [ours, 'custom/sandbox-small', 1],
      [ours, 'custom/sandbox-small', 1],
      [ours, 'custom/sandbox-small', 1],
    ],
  );
  const metrics = await gateway.ctx.metrics.registry.metrics();
  t.regex(metrics, /bastide_llm_disputed_costs_total\{[^}]*provider="custom"[^}]*\} 3/);
});
