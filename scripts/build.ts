/**
 * Compiles `src/` to `dist/`, one file to one file.
 *
 *     node scripts/build.ts               always
 *     node scripts/build.ts --if-needed   only when a source is newer than the last build
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const stamp = join(root, 'dist', '.built')

if (process.argv.includes('--if-needed') && isFresh()) process.exit(0)

const typescript = createRequire(import.meta.url).resolve('typescript/package.json')
const tsc = join(dirname(typescript), 'bin', 'tsc')

// Built beside the present one and then put in its place, since programs may be running from it.
const built = join(root, 'dist.new')
rmSync(built, { recursive: true, force: true })
const compiler = [tsc, '-p', 'tsconfig.build.json', '--outDir', built]
const { status } = spawnSync(process.execPath, compiler, { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

chmodSync(join(built, 'cli', 'bin.js'), 0o755)
writeFileSync(join(built, '.built'), '')
rmSync(join(root, 'dist'), { recursive: true, force: true })
renameSync(built, join(root, 'dist'))

function isFresh(): boolean {
  if (!existsSync(stamp)) return false

  const builtAtMs = statSync(stamp).mtimeMs
  const sources = [
    ...globSync('src/**/*.ts', { cwd: root }),
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
  ]
  return sources.every((file) => statSync(join(root, file)).mtimeMs <= builtAtMs)
}
