import { defineConfig } from 'vitest/config'
import { DECIDER_TESTS, DECIDERS } from './test/deciders/deciders.ts'

export default defineConfig({
  test: {
    include: [...DECIDER_TESTS],
    setupFiles: ['./test/deciders/fixed-seed.ts'],
    restoreMocks: true,
    coverage: {
      provider: 'v8',
      include: [...DECIDERS],
      exclude: ['src/**/*.test.ts'],
      reportsDirectory: 'coverage/deciders',
      reporter: ['text', 'html'],
      thresholds: { branches: 100 },
    },
  },
})
