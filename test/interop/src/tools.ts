// Finds other people's SIP programs. Where one is missing, its tests say so and skip; under CI (CHORDIAL_REQUIRE_TOOLS=1) they fail.
import { spawnSync } from 'node:child_process';

/** True when `program` can be run; otherwise prints what is skipped, or throws where nothing may be. */
export function hasTool(program: string, debianPackage: string, skipped: string): boolean {
  if (spawnSync('which', [program]).status === 0) return true;
  const sentence = `skipped: ${skipped}: ${program} is not installed (Debian package ${debianPackage})`;
  if (process.env.CHORDIAL_REQUIRE_TOOLS === '1') throw new Error(sentence);
  console.log(sentence);
  return false;
}
