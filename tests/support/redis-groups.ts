// Several Redis servers that stand in for one another: a cluster, and a primary with its replica that sentinels watch over.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RedisAddress } from '../../src/counters/redis-client.ts';
import { findFreePort } from './free-port.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

const HOST = '127.0.0.1';
const SLOTS = 16_384;
const PRIMARIES = 3;

/** One server, as far as commands need to know it. */
export type RedisPort = Pick<RedisServer, 'port' | 'password' | 'certificate'>;

export interface RedisGroup {
  address: RedisAddress;
  /** What a gateway is told, as variables. */
  env: Record<string, string>;
  servers: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Runs one command on a server. */
export async function command(server: RedisPort, ...words: (string | number)[]): Promise<unknown> {
  const [name, ...rest] = words;
  const { port, password, certificate } = server;
  const tls = certificate === undefined ? {} : { tls: { ca: certificate, servername: 'localhost' } };
  const client = new Redis({ host: HOST, port, password, ...tls, lazyConnect: true, protocol: 2 });
  client.on('error', () => {});
  try {
    return await client.call(String(name), ...rest);
  } finally {
    client.disconnect();
  }
}

/** The node of a cluster that serves the slot of a prefix's keys. */
export async function ownerOf<S extends RedisPort>(servers: readonly S[], prefix: string): Promise<S> {
  const slot = await slotOf(servers, prefix);
  for (const server of servers) {
    const ranges = (await command(server, 'CLUSTER', 'SLOTS').catch(() => [])) as [number, number, [string, number]][];
    const port = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][1];
    const owner = servers.find((one) => one.port === port);
    if (owner !== undefined) return owner;
  }
  throw new Error(`no node serves slot ${slot}`);
}

async function slotOf(servers: readonly RedisPort[], prefix: string): Promise<number> {
  return (await command(servers[0] as RedisPort, 'CLUSTER', 'KEYSLOT', `{${prefix}}`)) as number;
}

/** Gives the slot of a prefix to another node, with all that is in it. `half`: leaves it on the way, for as long as that takes. */
export async function moveSlot(
  servers: readonly RedisPort[],
  prefix: string,
  half: () => Promise<void> = async () => {},
): Promise<void> {
  const slot = await slotOf(servers, prefix);
  const from = await ownerOf(servers, prefix);
  const to = servers.find((one) => one !== from && one !== servers[PRIMARIES]) as RedisPort;
  const [fromId, toId] = [await command(from, 'CLUSTER', 'MYID'), await command(to, 'CLUSTER', 'MYID')] as [
    string,
    string,
  ];
  await command(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await command(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  await half();
  for (;;) {
    const keys = (await command(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    if (keys.length === 0) break;
    await command(from, 'MIGRATE', HOST, to.port, '', 0, 1_000, 'REPLACE', 'AUTH', to.password, 'KEYS', ...keys);
  }
  for (const server of [to, from]) await command(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
}

/**
 * Three primaries that share the slots. With `replicaFor`, the one that serves that prefix's keys has a replica: the last
 * of the servers.
 */
export async function startRedisCluster(replicaFor?: string): Promise<RedisGroup> {
  const password = randomBytes(16).toString('hex');
  const count = PRIMARIES + (replicaFor === undefined ? 0 : 1);
  // Unless told otherwise, they speak among themselves on a port that is ten thousand higher, which there may not be.
  const busPorts = await Promise.all(Array.from({ length: count }, findFreePort));
  const servers = await Promise.all(
    busPorts.map((busPort) =>
      startRedis({
        password,
        settings: {
          'cluster-enabled': 'yes',
          'cluster-port': String(busPort),
          'cluster-node-timeout': '1000',
          'cluster-replica-validity-factor': '0',
          'repl-diskless-sync-delay': '0',
          masterauth: password,
        },
      }),
    ),
  );
  const primaries = servers.slice(0, PRIMARIES);
  await Promise.all(
    primaries.map(async (server, index) => {
      const [first, next] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / PRIMARIES)) as [
        number,
        number,
      ];
      await command(server, 'CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await command(server, 'CLUSTER', 'ADDSLOTSRANGE', first, next - 1);
    }),
  );
  const first = servers[0] as RedisServer;
  for (const [index, { port }] of servers.entries())
    if (index > 0) await command(first, 'CLUSTER', 'MEET', HOST, port, busPorts[index] as number);
  await until(async () => {
    const infos = (await Promise.all(servers.map((server) => command(server, 'CLUSTER', 'INFO')))) as string[];
    return infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`));
  });
  if (replicaFor !== undefined) {
    const owner = await ownerOf(primaries, replicaFor);
    const replica = servers[PRIMARIES] as RedisServer;
    await command(replica, 'CLUSTER', 'REPLICATE', (await command(owner, 'CLUSTER', 'MYID')) as string);
    await untilReplicated(replica);
    // The others have to know of it before they would vote for it.
    await until(async () =>
      (await Promise.all(primaries.map((server) => command(server, 'CLUSTER', 'SLOTS')))).every((ranges) =>
        JSON.stringify(ranges).includes(`${replica.port}`),
      ),
    );
  }
  const nodes = primaries.map(({ port }) => ({ host: HOST, port }));
  return {
    address: { form: 'cluster', nodes, username: null, password, tls: false },
    env: { REDIS_CLUSTER_NODES: JSON.stringify(nodes), REDIS_PASSWORD: password },
    servers,
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

/** A primary (the first server), its replica (the second), and three sentinels that let the one take the other's place. */
export async function startRedisWithSentinels(): Promise<RedisGroup> {
  const [password, sentinelPassword] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const primary = await startRedis({ password, settings: { masterauth: password, 'repl-diskless-sync-delay': '0' } });
  const replica = await startRedis({
    password,
    settings: { masterauth: password, replicaof: `${HOST} ${primary.port}` },
  });
  await untilReplicated(replica);
  const sentinel = [
    `sentinel monitor counters ${HOST} ${primary.port} 2`,
    `sentinel auth-pass counters ${password}`,
    `sentinel sentinel-pass ${sentinelPassword}`,
    'sentinel down-after-milliseconds counters 500',
    'sentinel failover-timeout counters 3000',
    '',
  ].join('\n');
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, () => startRedis({ password: sentinelPassword, sentinel })),
  );
  await until(async () => {
    const known = await Promise.all(sentinels.map((one) => command(one, 'SENTINEL', 'MASTER', 'counters')));
    return (known as string[][]).every((fields) => {
      const value = (name: string) => fields[fields.indexOf(name) + 1];
      return value('num-other-sentinels') === '2' && value('num-slaves') === '1';
    });
  });
  const servers = [primary, replica, ...sentinels];
  const nodes = sentinels.map(({ port }) => ({ host: HOST, port }));
  return {
    address: {
      form: 'sentinel',
      nodes,
      serviceName: 'counters',
      sentinelPassword,
      username: null,
      password,
      tls: false,
      db: null,
    },
    env: {
      REDIS_SENTINEL_NODES: JSON.stringify(nodes.map(({ host, port }) => [host, port])),
      REDIS_SERVICE_NAME: 'counters',
      REDIS_SENTINEL_PASSWORD: sentinelPassword,
      REDIS_PASSWORD: password,
    },
    servers,
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

async function untilReplicated(replica: RedisServer): Promise<void> {
  await until(async () => String(await command(replica, 'INFO', 'replication')).includes('master_link_status:up'));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = Date.now() + 30_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > giveUpAtMs) throw new Error('the servers did not find together within 30 s');
    await sleep(20);
  }
}
