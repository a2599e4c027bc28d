// What the writer of a record is told that it has now seen: what its context had, and its own write. What lives beside that must not be in it, or
// the writer would remove with its next write what nobody has shown it.
import type { CoordinatorState } from './coordinator-state.ts';
import type { Operation } from './operations.ts';
import type { RecordPut } from './protocol.ts';
import { contextOf, seenInContext } from './versions.ts';
import { emptyParts, holdsDot, parseVersion, raise, seenOf } from './versions-text.ts';

const keptParts = emptyParts();
const writtenParts = emptyParts();

export function putAnswer(
  state: CoordinatorState,
  { copy, versions, context: asked, range, isWide, asked: correlation }: Operation,
): RecordPut {
  const written = copy!.version;
  const kept = versions[0]!;
  // As long as this host has not asked around, others may have what its coordinator wrote in an earlier life.
  const isUnknown = (isWide || range.unsettled !== undefined) && seenInContext(asked, state.site) === -1;
  if (kept === written && !isUnknown)
    return { type: 'record-put', correlation, context: contextOfWrite(state, written) };
  const others = othersBeside(kept, written);
  if (others === 'none' && !isUnknown) return { type: 'record-put', correlation, context: contextOf(kept) };
  const context = others === 'covered' || isUnknown ? asked : contextOf(written);
  return { type: 'record-put', correlation, context, hasOthers: true };
}

/** That of a record that only this coordinator has written is its last dot. */
function contextOfWrite({ siteText }: CoordinatorState, version: string): string {
  const bar = version.indexOf('|');
  const isOwn = bar === 0 || (version.startsWith(siteText) && version.indexOf(',') < 0);
  return isOwn && version.startsWith(siteText, bar + 1) ? version.slice(bar + 1) : contextOf(version);
}

/** Siblings that are kept beside a write; `covered` when the context of that write would count one of them as seen. */
function othersBeside(kept: string, written: string): 'none' | 'some' | 'covered' {
  if (!parseVersion(written, writtenParts) || !parseVersion(kept, keptParts)) return 'none';
  const { dotsCount, dotSites, dotCounters } = writtenParts;
  for (let i = 0; i < dotsCount; i++) raise(writtenParts, dotSites[i]!, dotCounters[i]!);
  let others: 'none' | 'some' = 'none';
  for (let i = 0; i < keptParts.dotsCount; i++) {
    const [site, counter] = [keptParts.dotSites[i]!, keptParts.dotCounters[i]!];
    if (holdsDot(writtenParts, site, counter)) continue;
    if (seenOf(writtenParts, site) >= counter) return 'covered';
    others = 'some';
  }
  return others;
}
