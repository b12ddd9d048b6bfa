/** Modules, lowest first. A module imports only from rows below its own (docs/architecture.md). */
const ROWS = [
  ['audit', 'mail'],
  ['identity'],
  ['catalogue', 'flags'],
  ['billing'],
  ['llm'],
  ['sites', 'agents', 'generators'],
  ['admin'],
];

const SRC = '^services/orchestrator/src';
const TEST = '\\.test\\.ts$';
const or = (names) => `(?:${names.join('|')})`;
const modulesPointDown = ROWS.flatMap((names, row) =>
  names.map((name) => ({
    name: `${name}-points-down`,
    severity: 'error',
    from: { path: `${SRC}/modules/${name}/`, pathNot: TEST },
    to: { path: `${SRC}/modules/`, pathNot: `${SRC}/modules/${or([name, ...ROWS.slice(0, row).flat()])}/` },
  })),
);

const file = (...roles) => `${SRC}/modules/.+/${or(roles)}\\.ts$`;
const never = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    ...modulesPointDown,
    never(
      'module-face',
      { path: `${SRC}/modules/([^/]+)/`, pathNot: TEST },
      { path: `${SRC}/modules/`, pathNot: [`${SRC}/modules/$1/`, file('service', 'schemas')] },
      'Another module is reached through its service or its schemas.',
    ),
    never('core-knows-no-module', { path: `${SRC}/core/`, pathNot: TEST }, { path: `${SRC}/(modules|main)/` }),
    never('main-is-the-root', { path: `${SRC}/(core|modules)/`, pathNot: TEST }, { path: `${SRC}/main/` }),
    never(
      'doors-call-services',
      { path: file('routes', 'jobs') },
      { path: file('queries') },
      'routes.ts and jobs.ts translate; service.ts decides; queries.ts reads and writes.',
    ),
    never(
      'services-do-not-open-doors',
      { path: file('service', 'queries', 'schemas') },
      { path: file('routes', 'jobs') },
    ),
    never('leaves', { path: file('queries', 'schemas') }, { path: file('service') }),
    never(
      'http-stays-at-the-edge',
      { path: `${SRC}/modules/`, pathNot: [file('routes'), TEST] },
      { path: 'node_modules/(?:@koa/|koa/)' },
    ),
    never(
      'sql-stays-in-queries',
      { path: `${SRC}/modules/`, pathNot: [file('queries'), TEST] },
      { path: 'node_modules/knex/' },
    ),
    never('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    never(
      'the-product-knows-no-sandbox',
      { path: `${SRC}/`, pathNot: TEST },
      { path: '(^services/sandbox/|@bastide/sandbox)' },
      'The outside world is reached by URL and secret only (design §4.10).',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Absolute: TypeScript would look for what it extends from the working directory.
    tsConfig: { fileName: require('node:path').join(__dirname, 'services/orchestrator/tsconfig.json') },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.json', '.d.ts'],
    },
  },
};
