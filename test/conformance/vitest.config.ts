import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@chordial/source'] },
  ssr: { resolve: { conditions: ['@chordial/source'] } },
  // A lane of the runtime takes a moment to start from source, and `until` waits up to 10 s before it explains itself.
  test: { include: ['**/*.test.ts'], testTimeout: 30_000 },
});
