import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

// Debian keeps servers in /usr/sbin, which the PATH of a normal user lacks.
const usualFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin']

/** The path of the first of these programs that is installed, in PATH or in one of the usual folders. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...usualFolders]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * What `find` finds; if that is nothing, what it finds once a Debian package is installed, which we do when we are root.
 *
 * @throws {Error} that says what to install
 */
export function findOrInstall<T>(what: string, debianPackage: string, find: () => T | undefined): T {
  const present = find()
  if (present !== undefined) return present

  const advice = `the tests need ${what}: on Debian, apt-get install ${debianPackage}`
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) throw new Error(advice)

  const trouble = installDebianPackage(debianPackage)
  const installed = find()
  if (installed === undefined) throw new Error(`${advice}\n(tried, in vain)\n${trouble}`)
  return installed
}

// Another process may be at it too, so one waits for the other. No service is started, if we can prevent it: RUNLEVEL
// tells Debian's invoke-rc.d that this is no run level in which services start.
function installDebianPackage(name: string): string {
  const install = `apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 ${name}`
  const script = `exec 9>/tmp/carillon-apt.lock; flock 9; ${install} || { apt-get update && ${install}; }`
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  })
  return `${stdout}${stderr}`.trimEnd().split('\n').slice(-20).join('\n')
}
