// What an operator reads about the copies and the store of a host.
import type { RepairStatus } from './repair-status.ts';
import { renderTable } from './table.ts';

export const counted = (count: number): string => `${count} ${count === 1 ? 'record' : 'records'}`;

export const driftLine = ({ drift, lanes, silentLanes }: RepairStatus): string => {
  if (silentLanes.length > 0) return `Lanes ${silentLanes.join(', ')} do not answer: wait until they are up again.`;
  if (lanes.length > 0 && drift === 0) return 'All copies are where they should be: drift 0.';
  return `${drift} ${drift === 1 ? 'range drifts' : 'ranges drift'}: their hosts are being made the same.`;
};

export const movedText = ({ replica }: RepairStatus): string =>
  replica === undefined ? '' : `${replica.sentCount} records sent, ${replica.takenCount} taken so far.`;

export function repairText(status: RepairStatus): string {
  const { lanes, replica, store } = status;
  const rows = lanes.map((lane) => [
    String(lane.lane),
    String(lane.rangesDrifting),
    String(lane.repairsUnderWay),
    String(lane.sentCount),
    String(lane.takenCount),
    String(lane.readRepairsCount),
    String(lane.refusedCount),
  ]);
  const lines = [
    driftLine(status),
    '',
    renderTable(['lane', 'drift', 'repairs', 'sent', 'taken', 'read repairs', 'refused'], rows),
    '',
    replica === undefined
      ? 'replica  does not answer'
      : `replica  ${counted(replica.recordsCount)}, ${replica.hintsCount} hints for hosts that are away, ${replica.sessionsCount} sessions; ${replica.sentCount} records sent, ${replica.takenCount} taken, ${replica.refusedCount} refused`,
  ];
  if (store === undefined) lines.push('store    does not answer');
  else {
    const { engine, place, recordsCount, bytes, damagedCount, trouble } = store;
    const where = engine === place ? engine : `${engine} ${place}`;
    lines.push(
      `store    ${where}: ${counted(recordsCount)}, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${damagedCount} found damaged`,
      `trouble  ${trouble === '' ? 'none' : trouble}`,
    );
  }
  return lines.join('\n');
}

/** For `chordial status`. */
export function storageLine({ store, drift }: RepairStatus): string {
  if (store === undefined) return 'records: the store does not answer';
  const { engine, place, recordsCount, trouble } = store;
  const where = engine === 'memory' ? 'in memory' : `in ${place} (${engine})`;
  return `${counted(recordsCount)} kept ${where}; drift ${drift}${trouble === '' ? '' : `; ${trouble}`}`;
}
