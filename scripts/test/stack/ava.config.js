// The files are one story on one stack, told in the order of their names: installed, looked at, hurt, upgraded, removed.
export default {
  extensions: ['ts'],
  files: ['*.test.ts'],
  serial: true,
  concurrency: 1,
  workerThreads: false,
  timeout: '25m',
  failFast: false,
  // With a cache, ava would begin with the files that failed the last time.
  cache: false,
  sortTestFiles: (a, b) => (a < b ? -1 : 1),
};
