// News in messages of bounded size: below about 64 KB each.
import { itemsPerMessageMax, peersPerMessageMax } from './limits.ts';
import type { HostOpinion, HostRecord, RosterPage } from './protocol.ts';

/** One thing to tell; exactly one of its parts is there. */
export interface Item {
  readonly record?: HostRecord;
  readonly page?: RosterPage;
  readonly opinion?: HostOpinion;
  readonly via?: readonly [host: number, via: number];
  /** The number of the change, where it is wanted. */
  readonly changedAt?: number;
}
export interface Chunk {
  readonly records: HostRecord[];
  readonly pages: RosterPage[];
  readonly opinions: HostOpinion[];
  readonly vias: (readonly [host: number, via: number])[];
  /** Those of the first and the last item. */
  readonly first: number;
  changes: number;
}

/** Packs items in their order. */
export function chunksOf(items: readonly Item[]): Chunk[] {
  const chunks: Chunk[] = [];
  let itemsCount = itemsPerMessageMax;
  let peersCount = 0;
  for (const { record, page, opinion, via, changedAt } of items) {
    const peers = page === undefined ? 0 : page.peers.length;
    if (itemsCount >= itemsPerMessageMax || peersCount + peers > peersPerMessageMax) {
      chunks.push({ records: [], pages: [], opinions: [], vias: [], first: changedAt ?? 0, changes: 0 });
      itemsCount = 0;
      peersCount = 0;
    }
    const chunk = chunks[chunks.length - 1]!;
    if (record !== undefined) chunk.records.push(record);
    if (page !== undefined) chunk.pages.push(page);
    if (opinion !== undefined) chunk.opinions.push(opinion);
    if (via !== undefined) chunk.vias.push(via);
    chunk.changes = changedAt ?? 0;
    itemsCount++;
    peersCount += peers;
  }
  return chunks;
}
