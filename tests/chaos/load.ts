// Clients that call, leave in the middle, and write down what they got: the third account of what happened, beside the
// gateway's ledger and the upstream's bill.

export interface SentCall {
  /** The call's `user`: how the upstream's bill and the ledger's row name it. */
  marker: string;
  key: string;
  kind: CallKind;
  /** The whole answer arrived. */
  answered: boolean;
  /** The client left on purpose. */
  left: boolean;
  status: number | null;
  /** `x-request-id`: the row's litellm_call_id. */
  requestId: string | null;
}

export type CallKind = 'whole' | 'stream' | 'leaving' | 'failing' | 'capped';

export interface LoadOptions {
  url: string;
  /** For all calls but the capped ones. */
  key: string;
  /** A key with a hard budget; its calls run to their end unless the gateway is killed. */
  cappedKey: string;
  clients: number;
  /** In [0, 1). */
  random: () => number;
  newMarker: () => string;
}

/** Calls until `stop`, which resolves when the last call has ended, well or not. */
export function startLoad(options: LoadOptions): { sent: SentCall[]; stop(): Promise<void> } {
  const sent: SentCall[] = [];
  let stopping = false;
  const run = async () => {
    while (!stopping) {
      const call = newCall(options);
      sent.push(call);
      const survived = await carryOut(options, call).then(
        () => true,
        () => false,
      );
      // Nobody is there to be called: no need to try a thousand times until it is noticed.
      if (!survived && !call.left) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const clients = Array.from({ length: options.clients }, run);
  return {
    sent,
    async stop() {
      stopping = true;
      await Promise.all(clients);
    },
  };
}

function newCall({ key, cappedKey, random, newMarker }: LoadOptions): SentCall {
  const dice = random();
  const kind: CallKind =
    dice < 0.4 ? 'whole' : dice < 0.6 ? 'stream' : dice < 0.75 ? 'leaving' : dice < 0.85 ? 'failing' : 'capped';
  return {
    marker: newMarker(),
    key: kind === 'capped' ? cappedKey : key,
    kind,
    answered: false,
    left: false,
    status: null,
    requestId: null,
  };
}

async function carryOut({ url, random }: LoadOptions, call: SentCall): Promise<void> {
  const leaving = new AbortController();
  const stream = call.kind === 'stream' || call.kind === 'leaving' || (call.kind === 'capped' && random() < 0.5);
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { authorization: `Bearer ${call.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...bodyOf(call, random), stream, user: call.marker, messages: MESSAGES }),
  });
  call.status = answer.status;
  call.requestId = answer.headers.get('x-request-id');
  const leaveAfter = call.kind === 'leaving' ? 1 + Math.floor(random() * 8) : Number.POSITIVE_INFINITY;
  let text = '';
  let frames = 0;
  const decoder = new TextDecoder();
  for await (const bytes of answer.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    frames += 1;
    if (frames < leaveAfter) continue;
    call.left = true;
    leaving.abort();
    return;
  }
  if (answer.status !== 200) return;
  call.answered = stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}');
}

const MESSAGES = [{ role: 'user', content: 'How is the weather?' }];

function bodyOf({ kind }: SentCall, random: () => number): Record<string, unknown> {
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  switch (kind) {
    case 'whole':
      return { model: `fake/usage-${upTo(100)}-${upTo(100)}+slow-${upTo(40)}` };
    case 'stream':
    case 'leaving':
      return { model: `fake/usage-${upTo(100)}-${upTo(100)}+frames-${upTo(30)}+every-${upTo(8)}ms` };
    case 'failing':
      return { model: random() < 0.5 ? 'fake/fail-500' : `fake/drop-after-${upTo(3)}` };
    case 'capped':
      return { model: 'dime', max_tokens: 10 };
  }
}

/** Numbers in [0, 1) that are the same again for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
