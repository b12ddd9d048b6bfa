// Run by ../keycloak.sh. The files share one Keycloak: the realm is made and altered first, then people use it.
export default {
  extensions: ['ts'],
  files: ['*.test.ts'],
  serial: true,
  concurrency: 1,
  workerThreads: false,
  timeout: '10m',
  sortTestFiles: (a, b) => (a < b ? -1 : 1),
};
