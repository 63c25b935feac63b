import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine, ROOT } from './carillon.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/guides/coming-from-crontab.md')

/** A command of the page, and what it prints where the page shows that. */
interface Shown {
  readonly line: string
  readonly output: string | undefined
}

const commands = [...page.matchAll(/```(sh|console)\n(.*?)```/gs)].flatMap(([, kind, text = '']): Shown[] => {
  if (kind === 'console') {
    const [line = '', ...output] = text.split('\n')
    return [{ line: line.replace(/^\$ /, ''), output: output.join('\n') }]
  }
  const lines = text.split('\n').filter((line) => line.startsWith('carillon schedule '))
  return lines.map((line) => ({ line, output: undefined }))
})

describe('the guide for those who come from crontab', () => {
  it('shows what its commands print, one after the other', { timeout: 60_000 }, async () => {
    using cli = commandLine()
    copyFileSync(join(ROOT, 'examples/crontab/batch.crontab'), cli.folder.file('batch.crontab'))
    expect(commands.filter(({ output }) => output !== undefined)).toHaveLength(2)

    for (const { line, output } of commands) {
      const argv = line.replace('postgres://app@db/app', 'sqlite:./elsewhere.db').split(' ').slice(1)
      const { status, stdout, stderr } = await cli.run(...argv)
      // A line of the crontab is left out, and that is what the status says.
      expect(status, `${line}: ${stderr}`).toBe(line.includes('batch.crontab') ? 1 : 0)
      if (output !== undefined) expect(stdout, line).toBe(output)
    }
    const elsewhere = await cli.json<unknown[]>('schedule', 'list', '--database', 'sqlite:./elsewhere.db')
    expect(elsewhere).toHaveLength(5)
  })

  it('tells of each code of a warning, and of no other', () => {
    const union = /type CrontabWarningCode =(.*?)\n\n/s.exec(
      read('src/catalog/exchange/crontab-warning.ts'),
    )![1]!
    const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code)
    const told = [...page.matchAll(/^\| `([a-z][a-z-]*)` +\|/gm)].map(([, code]) => code)
    expect(new Set(told)).toEqual(new Set(codes))
    expect(codes.length).toBeGreaterThan(20)
  })
})
