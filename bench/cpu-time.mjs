// What a process has cost, from Linux's own books: nanoseconds on a core, of all its threads.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * Nanoseconds that all threads of a process, and of the processes it has started, have run so far. Threads that have ended
 * are not counted; no target ends any while it is measured.
 *
 * @param {number} pid
 */
export function readCpuNs(pid) {
  return sum(threadsOf(pid), (thread) => {
    try {
      const [ran = '0'] = readFileSync(`${thread}/schedstat`, 'utf8').split(' ');
      return Number(ran);
    } catch {
      // Ended since it was listed.
      return 0;
    }
  });
}

/**
 * Bytes of memory that are the process's, and those of the processes it has started, at this moment. What several of them
 * share is counted for each.
 *
 * @param {number} pid
 */
export function readRssBytes(pid) {
  return sum(processesOf(pid), (one) => {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1];
    if (kilobytes === undefined) throw new Error(`process ${one} has ended`);
    return Number(kilobytes) * 1_024;
  });
}

/** @param {number} pid @returns {number[]} */
function processesOf(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processesOf)];
}

/** @param {number} pid */
function threadsOf(pid) {
  return processesOf(pid).flatMap((one) =>
    readdirSync(`/proc/${one}/task`).map((thread) => `/proc/${one}/task/${thread}`),
  );
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => number} read
 */
function sum(items, read) {
  return items.reduce((total, item) => total + read(item), 0);
}
