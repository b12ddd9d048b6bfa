// Each file has a Traefik of its own; two at a time, since some count requests against the clock.
export default {
  extensions: ['ts'],
  files: ['*.test.ts'],
  concurrency: 2,
  workerThreads: false,
  timeout: '3m',
};
