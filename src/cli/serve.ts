import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { composeWhenReachable } from '../compose/compose-when-reachable.ts';
import type { Gateway } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { describeFailure } from './describe-failure.ts';
import { describeMasterKey, describeStart } from './describe-start.ts';
import { type ConfigSource, followConfig } from './follow-config.ts';
import { superviseWorkers } from './supervise-workers.ts';
import { connectToPrimary } from './worker-link.ts';

/**
 * Runs the gateway until SIGTERM or SIGINT, then lets calls in flight end, ships the journal and returns. A second
 * signal does not wait. On SIGHUP, and when a file of the configuration changes, it is read again. Rejects when the start
 * fails; what is left behind then is good for the next start.
 */
export async function serve(config: Config, source: ConfigSource): Promise<void> {
  if (cluster.isWorker) return serveAsWorker(config, source);
  if (config.server.workers > 1) return superviseWorkers(config, source);
  const follower = followConfig(source.files);
  const gateway = await composeWhenReachable(config, { untilStop: untilSignal, say });
  if (gateway === null) return;
  let port: number;
  try {
    port = await listen(gateway, config);
  } catch (error) {
    if (gateway.newMasterKey !== null) {
      process.stdout.write([...describeMasterKey(gateway.newMasterKey), '', ''].join('\n'));
    }
    throw error;
  }
  process.stdout.write(
    describeStart({
      config,
      port,
      newMasterKey: gateway.newMasterKey,
      recovery: gateway.recovery,
    }),
  );
  follower.begin(() => gateway.reload(source.load));
  await untilSignal();
  follower.stop();
  await gateway.close();
}

/** One of several processes on one port. What there is to say about the start is said by the primary. */
async function serveAsWorker(config: Config, source: ConfigSource): Promise<void> {
  const link = connectToPrimary();
  // It is the primary that looks after the files.
  const follower = followConfig(null);
  try {
    const gateway = await composeWhenReachable(config, { untilStop: () => link.untilDrain(), say });
    if (gateway === null) return;
    const { newMasterKey, recovery, metrics } = gateway;
    metrics.gatherFrom(link.shareMetrics(metrics.collectOwn));
    if (await link.mayListen({ kind: 'ready', newMasterKey, recovery })) {
      link.tell({ kind: 'listening', port: await listen(gateway, config) });
      follower.begin(() => gateway.reload(source.load));
      await link.untilDrain();
      follower.stop();
    }
    await gateway.close();
  } catch (error) {
    process.exitCode = 1;
    link.tell({ kind: 'failed', message: describeFailure(error) });
  } finally {
    link.close();
  }
}

/** Returns the port. Closes the gateway where it cannot listen. */
async function listen(gateway: Gateway, { server: { host, port } }: Config): Promise<number> {
  try {
    await gateway.app.listen({ host, port });
  } catch (error) {
    await gateway.close(0);
    throw error;
  }
  return (gateway.app.server.address() as AddressInfo).port;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
