/**
 * Who may import whom: the table in ARCHITECTURE.md, as rules. Whatever is not allowed here is an error.
 *
 * `npm run check` runs this through scripts/check-imports.mjs, which also fails when a source file was not looked at.
 * Test files beside the source may import anything in src; nothing may import a test file.
 */

const TEST = '[.]test[.]ts$';

/** A folder and what it may import: whole modules of `values`, types only of `types`. Everything may import itself. */
const arrow = (from, values = [], types = []) => [
  {
    from: { path: from, pathNot: TEST },
    to: { path: [from, ...values], pathNot: TEST },
  },
  ...(types.length === 0
    ? []
    : [
        {
          from: { path: from, pathNot: TEST },
          to: { path: types, pathNot: TEST, dependencyTypes: ['type-only'] },
        },
      ]),
];

const core = '^src/core/';
const auth = '^src/auth/';
const management = '^src/management/';
const gateway = '^src/gateway/';
const config = '^src/config/';
const storage = '^src/storage/';
const counters = '^src/counters/';
const ledger = '^src/ledger/';
const appendLog = '^src/append-log/';
const providers = '^src/providers/';
const sinks = '^src/sinks/';
const metrics = '^src/metrics/';
const alerts = '^src/alerts/';
const jobs = '^src/jobs/';
const http = '^src/http/';
const cli = '^src/cli/';
const compose = '^src/compose([.]ts$|/)';
const version = '^src/version[.]ts$';
const main = '^src/main[.]ts$';

/** A library that only some folders may know, types included. */
const onlyIn = (name, library, folders, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: [...folders, TEST] },
  to: { path: library },
});

/** npm resolves a library's types into node_modules/@types/<library>: both are the library. */
const lib = (name) => `(^|/)node_modules/(@types/)?${name}(/|$)|^${name}(/|$)`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'No import cycles, not even of types.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    onlyIn(
      'only-storage-and-ledger-know-kysely',
      lib('kysely'),
      [storage, ledger],
      'Ask storage or ledger for a function.',
    ),
    onlyIn(
      'only-the-stores-know-a-database-driver',
      `${lib('pg')}|${lib('@photostructure/sqlite')}`,
      [storage, ledger, counters],
      'Ask storage, ledger or counters for a function.',
    ),
    onlyIn('only-counters-know-redis', lib('ioredis'), [counters], 'Ask counters for a function.'),
    onlyIn('only-metrics-know-prometheus', lib('prom-client'), [metrics], 'Return a MetricFamily.'),
    onlyIn(
      'only-http-knows-fastify',
      `${lib('fastify')}|${lib('@fastify')}|${lib('fastify-type-provider-zod')}`,
      [http],
      'Routes, hooks and schemas live in src/http.',
    ),
    onlyIn(
      'only-transport-and-sinks-open-sockets',
      lib('undici'),
      ['^src/providers/transport[.]ts$', sinks, alerts],
      'Calls to a provider go through src/providers/transport.ts.',
    ),
    onlyIn('only-alerts-know-mail', lib('nodemailer'), [alerts], 'Ask alerts for a sender.'),
    onlyIn(
      'only-transport-and-sinks-open-sockets-with-node',
      '^(node:)?(http|https|http2|tls|dgram)$',
      // The connector goes to a Redis, and to no provider.
      ['^src/providers/transport[.]ts$', sinks, http, '^src/counters/redis-cluster-connector[.]ts$'],
      'Calls to a provider go through src/providers/transport.ts.',
    ),
  ],
  allowed: [
    // core: nothing of ours, no library; of Node only hashing.
    ...arrow(core),
    { from: { path: core, pathNot: TEST }, to: { path: '^(node:)?crypto$', dependencyTypes: ['core'] } },

    ...arrow(config, [core]),
    ...arrow(storage, [core]),
    ...arrow(counters, [core]),
    // Files that are only ever appended to, and who may write them: for whoever keeps records on disk.
    ...arrow(appendLog),
    ...arrow(ledger, [core, appendLog]),
    ...arrow(providers, [core]),
    ...arrow(sinks, [core, appendLog]),
    ...arrow(metrics, [core], [gateway, sinks]),
    ...arrow(alerts, [core], [storage]),
    ...arrow(auth, [core], [storage]),
    ...arrow(management, [core], [storage]),
    ...arrow(gateway, [core], [storage, counters, ledger, providers, sinks]),
    ...arrow(jobs, [core], [storage, counters, ledger, sinks]),
    ...arrow(http, [auth, management, gateway, core]),
    ...arrow(compose, [
      core,
      config,
      storage,
      counters,
      ledger,
      appendLog,
      providers,
      sinks,
      metrics,
      alerts,
      auth,
      management,
      gateway,
      jobs,
      http,
      version,
    ]),
    // The version by itself: through compose, `latchkey --version` would load the whole gateway to print it.
    ...arrow(cli, [compose, config, version]),
    ...arrow(main, [cli]),

    // Everything but core: Node itself, and the libraries in package.json's "dependencies".
    { from: { path: '^src/', pathNot: [core, TEST] }, to: { dependencyTypes: ['core'] } },
    { from: { path: '^src/', pathNot: [core, TEST] }, to: { dependencyTypes: ['npm'] } },
    // @types/<library> stands in the devDependencies, for types only.
    {
      from: { path: '^src/', pathNot: [core, TEST] },
      to: { path: 'node_modules/@types/', dependencyTypes: ['type-only'] },
    },

    // Tests beside the source: anything in src, and any library.
    { from: { path: `^src/.*${TEST}` }, to: { path: '^src/', pathNot: TEST } },
    { from: { path: `^src/.*${TEST}` }, to: { pathNot: '^(src|tests|bench|scripts|ui)/' } },
  ],
  allowedSeverity: 'error',
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    skipAnalysisNotInRules: true,
  },
};
