import { DECIDERS } from './test/deciders/deciders.ts'

export default {
  mutate: [...DECIDERS, '!src/**/*.test.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.deciders.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // A busy machine is slow; an endless loop is found by counting, long before.
  timeoutMS: 15_000,
  // Stryker reads a tsconfig with functions that TypeScript 7 no longer has; without one it reads none.
  tsconfigFile: 'none.json',
  ignorePatterns: ['/bench', '/coverage', '/dist', '/docs', '/examples', '/scripts'],
  tempDirName: '.tmp/stryker',
  reporters: ['clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false },
  htmlReporter: { fileName: 'coverage/mutation/index.html' },
  jsonReporter: { fileName: 'coverage/mutation/mutation.json' },
  thresholds: { high: 95, low: 90, break: 85 },
}
