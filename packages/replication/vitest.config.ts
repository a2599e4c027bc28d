import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@chordial/source'] },
  ssr: { resolve: { conditions: ['@chordial/source'] } },
  // Generous, because other work may share the machine: nothing here is asserted about time.
  test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 },
});
