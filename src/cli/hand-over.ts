import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Tasks } from '../carillon/tasks.ts'
import type { GlobalOptions } from './invocation.ts'

/** Gives tasks that ask for it a process of their own, which goes on when this one ends. */
export function handOverTasks(tasks: Tasks, { config, database }: GlobalOptions): void {
  const bin = fileURLToPath(new URL(`./bin${import.meta.url.slice(-3)}`, import.meta.url))
  const settings = [
    ...(config === undefined ? [] : ['--config', config]),
    ...(database === undefined ? [] : ['--database', database]),
  ]
  tasks.handOverBy(async (name, nominalAt) => {
    const args = ['tasks', 'test', '--at', nominalAt.toISOString(), '--due', ...settings, '--', name]
    const child = spawn(process.execPath, [...process.execArgv, bin, ...args], {
      detached: true,
      // Standard output is for this process's own answer.
      stdio: ['ignore', 2, 2],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
  })
}
