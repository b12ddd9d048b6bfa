import { setFlagsFromString } from 'node:v8';

/**
 * Room that the heap may grow by before all of it is looked through again, in percent of what was alive. Left to itself V8
 * gives a heap of 35 MB some 16 MB more; large prompts are buffers outside of it, counted as if they were in it, and had it
 * look through everything ten times a second: a third of what such a request costs. Node takes no such option by its
 * environment.
 */
setFlagsFromString('--heap-growing-percent=60');
