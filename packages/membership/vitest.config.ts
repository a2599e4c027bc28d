import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@chordial/source'] },
  ssr: { resolve: { conditions: ['@chordial/source'] } },
  test: { include: ['src/**/*.test.ts'] },
});
