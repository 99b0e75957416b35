import type { AddressInfo } from 'node:net';
import { compose } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { describeMasterKey, describeStart } from './describe-start.ts';

/**
 * Runs the gateway until SIGTERM or SIGINT, then lets calls in flight end, ships the journal and returns. A second
 * signal does not wait. Rejects when the start fails; what is left behind then is good for the next start.
 */
export async function serve(config: Config): Promise<void> {
  const gateway = await compose(config);
  try {
    await gateway.app.listen({ host: config.server.host, port: config.server.port });
  } catch (error) {
    await gateway.close(0);
    if (gateway.newMasterKey !== null) {
      process.stdout.write([...describeMasterKey(gateway.newMasterKey), '', ''].join('\n'));
    }
    throw error;
  }
  const { port } = gateway.app.server.address() as AddressInfo;
  process.stdout.write(
    describeStart({
      config,
      port,
      newMasterKey: gateway.newMasterKey,
      recovery: gateway.recovery,
    }),
  );
  await untilSignal();
  await gateway.close();
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
