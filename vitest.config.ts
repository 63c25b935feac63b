import { configDefaults, defineConfig } from 'vitest/config'

const SEMANTICS = 'test/semantics/**/*.test.ts'
/** Tests that make themselves databases on all servers. */
const ON_SERVERS = ['plans', 'storage', 'interleaving', 'lock', 'queue', 'tasks'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)
const SERVERS = './test/support/shared-servers.ts'

/** The tests of what Carillon does, on one kind of database. */
function semanticsOn(database: 'sqlite' | 'postgres' | 'mysql') {
  const isFile = database === 'sqlite'
  return {
    extends: true as const,
    test: {
      name: `semantics-${database}`,
      include: [SEMANTICS],
      exclude: [...configDefaults.exclude, ...(isFile ? [] : ['test/semantics/database-file.test.ts'])],
      provide: { database },
      globalSetup: isFile ? [] : [SERVERS],
    },
  }
}

export default defineConfig({
  test: {
    reporters: ['default', './test/support/plain-line-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, SEMANTICS, ...ON_SERVERS],
        },
      },
      { extends: true, test: { name: 'servers', include: ON_SERVERS, globalSetup: [SERVERS] } },
      semanticsOn('sqlite'),
      semanticsOn('postgres'),
      semanticsOn('mysql'),
    ],
  },
})
