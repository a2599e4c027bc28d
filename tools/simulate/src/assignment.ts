// What the command and its workers say to each other. Seeds are dealt out one by one from a shared counter, so that no worker
// idles while another still has a heap of them.
import type { Figures, RunResult, SeedsResult } from '@chordial/simulator';

export interface Assignment {
  readonly scenario: string;
  readonly firstSeed: number;
  readonly seedsCount: number;
  readonly durationMs: number;
  readonly shrinkRuns: number;
  /** Int32: next seed (counted from 0), and 1 once a failure is found. */
  readonly shared: SharedArrayBuffer;
}

export const nextSlot = 0;
export const stopSlot = 1;

export type SeedFailure = SeedsResult['failures'][number];

export type WorkerReport =
  | {
      readonly kind: 'seed';
      readonly seed: number;
      readonly steps: number;
      readonly virtualMs: number;
      readonly figures: Figures;
      readonly failed: boolean;
    }
  | { readonly kind: 'failure'; readonly failure: SeedFailure };

export const virtualMsOf = ({ violation, input }: RunResult): number => violation?.at ?? input.durationMs;
