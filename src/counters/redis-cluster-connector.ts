import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

/** As the client's constructor takes them. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

export interface RedisNode {
  host: string;
  port: number;
}

interface ClusterConnectorOptions {
  /** Where the first look is taken. */
  nodes: readonly RedisNode[];
  /** In whose slot all keys are. */
  tag: string;
  access: ClientOptions;
  /** Longest wait for one node's word. */
  timeoutMs: number;
  lookAgainMs: number;
  /** How long a connection may take to end. */
  partingMs: number;
}

/** As many nodes are remembered beside those that were given. */
const MOST_LEARNED = 16;

type SlotRange = [first: number, last: number, ...nodes: [host: string | null, port: number][]];

/**
 * Connects to that node of a cluster which serves the slot of a tag, as any node says that answers: each time another one is
 * asked first, since one that is cut off from the rest goes on believing what was.
 */
export function clusterConnector({
  nodes,
  tag,
  access,
  timeoutMs,
  lookAgainMs,
  partingMs,
}: ClusterConnectorOptions): new () => AbstractConnector {
  /** What one node says; rejects where it does not answer. */
  async function ask(node: RedisNode): Promise<{ owner: RedisNode | null; others: RedisNode[] }> {
    const client = new Redis({
      ...access,
      ...node,
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
    });
    let said: Error | undefined;
    client.on('error', (error) => {
      said = error;
    });
    try {
      const [slot, ranges] = await Promise.all([client.cluster('KEYSLOT', tag), client.cluster('SLOTS')]);
      const all = (ranges as unknown as SlotRange[]).map(([first, last, ...serving]) => ({
        ours: first <= slot && slot <= last,
        // A node that does not know its own name is reached by the one that led to it.
        serving: serving.map(([host, port]): RedisNode => ({ host: host || node.host, port })),
      }));
      const owner = all.find(({ ours }) => ours)?.serving[0] ?? null;
      return { owner, others: all.flatMap(({ serving }) => serving) };
    } catch (error) {
      throw said ?? error;
    } finally {
      client.disconnect();
    }
  }

  function open({ host, port }: RedisNode): Socket {
    return access.tls === undefined ? connectPlainly({ host, port }) : connectSecurely({ host, port, ...access.tls });
  }

  return class SlotConnector extends AbstractConnector {
    #known = [...nodes];

    constructor() {
      super(partingMs);
    }

    /** A node that has become a replica since it was named is left again. */
    override check(info: { role?: string }): boolean {
      return info.role === undefined || info.role === 'master';
    }

    async #findOwner(emit: (type: string, error: Error) => void): Promise<RedisNode | null> {
      for (const node of [...this.#known]) {
        this.#known = [...this.#known.filter((one) => one !== node), node];
        try {
          const { owner, others } = await ask(node);
          const isKnown = (one: RedisNode, among: readonly RedisNode[]): boolean =>
            among.some(({ host, port }) => host === one.host && port === one.port);
          const learned = others.filter((one) => !isKnown(one, nodes)).slice(0, MOST_LEARNED);
          const kept = this.#known.filter((one) => nodes.includes(one) || isKnown(one, learned));
          this.#known = [...learned.filter((one) => !isKnown(one, kept)), ...kept];
          if (owner !== null) return owner;
          emit('error', new Error('no node of the cluster serves the slot of the counters'));
        } catch (error) {
          emit('error', error as Error);
        }
        if (!this.connecting) break;
      }
      return null;
    }

    /** Resolves however long it takes: a client whose connector gives up does not try again. */
    async connect(emit: (type: string, error: Error) => void): Promise<Socket> {
      this.connecting = true;
      for (;;) {
        const owner = await this.#findOwner(emit);
        if (!this.connecting) throw new Error('Connection is closed.');
        if (owner !== null) {
          const stream = open(owner);
          this.stream = stream;
          stream.once('error', (error) => {
            this.firstError = error;
          });
          return stream;
        }
        await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
      }
    }
  };
}
