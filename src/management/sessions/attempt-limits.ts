/** How often somebody may try within a time, by name; memory is bounded, whatever names are tried. */
export interface AttemptLimit {
  /** Counts an attempt. Returns how long to wait when there were too many already; null: go on. */
  take(name: string): number | null;
  /** Forgets this name's attempts. */
  clear(name: string): void;
  /** Takes one attempt back. */
  giveBack(name: string): void;
}

const MAX_NAMES = 10_000;

export function createAttemptLimit(options: { attempts: number; windowMs: number; nowMs(): number }): AttemptLimit {
  const { attempts, windowMs, nowMs } = options;
  /** In the order of their ends, because every window is as long as the others. */
  const windows = new Map<string, { endsAtMs: number; count: number }>();

  function open(name: string): { endsAtMs: number; count: number } {
    const now = nowMs();
    const present = windows.get(name);
    if (present !== undefined && now < present.endsAtMs) return present;
    windows.delete(name);
    for (const [oldest, { endsAtMs }] of windows) {
      if (now < endsAtMs && windows.size < MAX_NAMES) break;
      windows.delete(oldest);
    }
    const fresh = { endsAtMs: now + windowMs, count: 0 };
    windows.set(name, fresh);
    return fresh;
  }

  return {
    take(name) {
      const window = open(name);
      if (window.count >= attempts) return window.endsAtMs - nowMs();
      window.count += 1;
      return null;
    },
    clear: (name) => {
      windows.delete(name);
    },
    giveBack(name) {
      const window = windows.get(name);
      if (window !== undefined) window.count = Math.max(0, window.count - 1);
    },
  };
}

const V4_IN_V6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Under which name an address counts: itself, or for IPv6 the network of 64 bits, of which one person has all. */
export function sourceName(ip: string): string {
  const v4 = V4_IN_V6.exec(ip)?.[1];
  if (v4 !== undefined) return v4;
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = (ip.split('%')[0] ?? ip).toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
