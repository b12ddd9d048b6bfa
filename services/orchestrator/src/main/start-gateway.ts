import type { App } from '#core/process/app.ts';
import { listen } from '#core/process/listen.ts';
import { Gateway, type GatewayOptions } from '#modules/llm/gateway/gateway.ts';

/** The LLM gateway at a port of its own; it lives without the database, not without Redis. */
export async function startGateway({ ctx, lifecycle }: App, options?: GatewayOptions): Promise<number> {
  const gateway = await Gateway.start(ctx, options);
  lifecycle.on('drain', 'completions', () => gateway.stop());
  return listen(ctx, lifecycle, {
    port: ctx.config.GATEWAY_PORT,
    handler: gateway.handler,
    problem: () => gateway.problem(),
    needs: 'queue',
  });
}
