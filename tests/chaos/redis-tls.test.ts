// A cluster and a primary behind a sentinel that speak TLS only, with a user for the gateway. Only in `npm run chaos`.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CERTIFICATE, CERTIFICATE_KEY } from '../../src/alerts/__fixtures__/certificate.ts';
import { startGateway } from '../support/gateway-process.ts';
import { command } from '../support/redis-groups.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

const LONG = process.env.CHAOS_ROUNDS !== undefined;
const USER = 'gateway';
const PASSWORD = randomBytes(16).toString('hex');
/** What the certificate is for. */
const NAME = 'localhost';

let folder: string;
let tls: { certificate: string; files: { cert: string; key: string } };
const servers: RedisServer[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'));
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, CERTIFICATE);
  writeFileSync(files.key, CERTIFICATE_KEY);
  tls = { certificate: CERTIFICATE, files };
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startRedis>[0]): Promise<RedisServer> {
  const server = await startRedis({ ...options, tls });
  servers.push(server);
  return server;
}

async function startCluster(): Promise<Record<string, string>> {
  const node = await start({
    settings: {
      'cluster-enabled': 'yes',
      'tls-cluster': 'yes',
      'cluster-announce-hostname': NAME,
      'cluster-preferred-endpoint-type': 'hostname',
    },
  });
  await command(node, 'CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await allowUser(node);
  return { REDIS_CLUSTER_NODES: JSON.stringify([{ host: NAME, port: node.port }]) };
}

async function startSentinel(): Promise<Record<string, string>> {
  const primary = await start({});
  await allowUser(primary);
  const sentinel = await start({
    settings: { 'tls-replication': 'yes' },
    sentinel: [
      'sentinel resolve-hostnames yes',
      'sentinel announce-hostnames yes',
      `sentinel monitor counters ${NAME} ${primary.port} 1`,
      `sentinel auth-pass counters ${primary.password}`,
      '',
    ].join('\n'),
  });
  return {
    REDIS_SENTINEL_NODES: JSON.stringify([[NAME, sentinel.port]]),
    REDIS_SERVICE_NAME: 'counters',
    REDIS_SENTINEL_PASSWORD: sentinel.password,
  };
}

async function startSingle(): Promise<Record<string, string>> {
  const server = await start({});
  await allowUser(server);
  return { REDIS_HOST: NAME, REDIS_PORT: String(server.port) };
}

const allowUser = (server: RedisServer) =>
  command(server, 'ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all');

describe.runIf(LONG).each([
  ['one Redis', startSingle, /SELF_SIGNED/],
  ['a cluster', startCluster, /SELF_SIGNED/],
  ['sentinels', startSentinel, /All sentinels are unreachable/],
])('%s over TLS', (_name, startServers, reason) => {
  test('counts where its certificate is trusted', async () => {
    const env = {
      ...(await startServers()),
      REDIS_SSL: 'true',
      REDIS_USERNAME: USER,
      REDIS_PASSWORD: PASSWORD,
      NODE_EXTRA_CA_CERTS: tls.files.cert,
    };
    const gateway = await startGateway({ config: { model_list: [] }, env });
    try {
      const redisState = async () => (await gateway.admin('/health/readiness')).body.redis;
      await expect.poll(redisState, { timeout: 10_000 }).toBe('up');
    } finally {
      await gateway.stop();
    }
  });

  test('is not believed otherwise, and the log says why', async () => {
    const env = { ...(await startServers()), REDIS_SSL: 'true', REDIS_USERNAME: USER, REDIS_PASSWORD: PASSWORD };
    const gateway = await startGateway({ config: { model_list: [] }, env });
    try {
      expect((await gateway.admin('/health/readiness')).body.redis).toBe('down');
      const said = /"reason":"([^"]*)",.*"Started without Redis"/;
      await expect.poll(() => said.exec(gateway.logs())?.[1]).toMatch(reason);
      expect(gateway.logs()).not.toContain(PASSWORD);
    } finally {
      await gateway.stop();
    }
  });
});
