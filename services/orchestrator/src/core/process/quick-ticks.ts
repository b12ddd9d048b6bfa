import { executionAsyncResource } from 'node:async_hooks';

/**
 * To be imported first. V8 forgets the shape of what `process.nextTick` queues when a collection of all garbage finds none
 * of it, and every later tick is then made the slow way: 4 µs of each request of the gateway. As long as one is kept, the
 * shape is known.
 */
let kept: object | undefined;
process.nextTick(() => {
  kept ??= executionAsyncResource();
});
