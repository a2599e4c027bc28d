// What Linux says about a process in /proc: processor time, resident memory, children.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, the unit of /proc/PID/stat, is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Fields of /proc/PID/stat from the third on; the second, the name, may hold spaces and brackets. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Processor seconds used so far by all threads of these processes, in user space and in the kernel. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = statOf(pid);
    ticks += Number(stat[11]) + Number(stat[12]);
  }
  return ticks / ticksPerSecond;
}

/**
 * Seconds that threads of these processes were ready to run while other programs had the core: how much a measurement was
 * disturbed. Undefined where the kernel keeps no such count.
 */
export function waitedSeconds(pids: readonly number[]): number | undefined {
  let nanoseconds = 0;
  try {
    for (const pid of pids) {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[1]);
      }
    }
  } catch {
    return undefined;
  }
  return nanoseconds / 1e9;
}

export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (line === null) throw new Error(`process ${pid} has no resident memory: it ended`);
  return Number(line[1]) * 1_024;
}

/** A process and all that descend from it. */
export function familyOf(pid: number): number[] {
  const family = [pid];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statOf(Number(name))[1]));
    } catch {
      // It ended while we read.
    }
  }
  for (let i = 0; i < family.length; i++) {
    for (const [child, parent] of parents) if (parent === family[i]) family.push(child);
  }
  return family;
}
