// What a process has cost, from Linux's own books: nanoseconds on a core, of all its threads.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * Nanoseconds that all threads of a process have run so far. Threads that have ended are not counted; neither target
 * ends any while it is measured.
 *
 * @param {number} pid
 */
export function readCpuNs(pid) {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [ran = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      total += Number(ran);
    } catch {
      // Ended since it was listed.
    }
  }
  return total;
}

/**
 * Bytes of memory that are the process's at this moment.
 *
 * @param {number} pid
 */
export function readRssBytes(pid) {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has ended`);
  return Number(kilobytes) * 1_024;
}
