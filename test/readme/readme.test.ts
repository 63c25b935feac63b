import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md', { cwd: ROOT }),
  ...globSync('bench/*.md', { cwd: ROOT }),
]
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Snippets that name the file they come from: `<!-- from examples/x.ts -->` before a block. */
const snippets = PAGES.flatMap((page) =>
  [...read(page).matchAll(/<!-- from (\S+) -->\s+```\w+\n(.*?)```/gs)].map(([, file, text]) => ({
    page,
    file: file!,
    text: text!,
  })),
)
const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts

describe('the README', () => {
  it('quotes its examples word by word', () => {
    expect(snippets.length).toBeGreaterThan(0)
    for (const { page, file, text } of snippets) expect(read(file), `${page} quotes ${file}`).toContain(text)
  })

  it.each(snippets.filter(({ page }) => page === 'README.md').map(({ file }) => file))(
    'quotes a program that runs, and ends cleanly: %s',
    { timeout: 60_000 },
    async (file) => {
      using folder = temporaryFolder()
      const env = { ...process.env, CARILLON_DATABASE: `sqlite:${folder.file('example.db')}` }
      const program = spawn(process.execPath, [join(ROOT, file)], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      })

      const [printed] = (await once(program.stdout, 'data')) as [Buffer]
      expect(printed.toString()).toContain('Hello Ada!')
      program.kill('SIGINT')
      expect(await once(program, 'exit')).toEqual([0, null])
    },
  )

  it('names two commands that package.json has, and CI runs the second', () => {
    const commands = [...read('README.md').matchAll(/```sh\n(npm ci && npm .*)\n```/g)].map(
      ([, command]) => command!,
    )
    expect(commands).toHaveLength(2)

    for (const command of commands) expect(scripts).toHaveProperty(command.split(' ').at(-1)!)
    for (const part of commands[1]!.split(' && ')) expect(read('.ci/run')).toContain(`\n${part}\n`)
  })
})

describe('the pages', () => {
  it.each(PAGES)('%s links to nothing that is missing', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link!)
    const missing = links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))

    expect(missing).toEqual([])
  })
})
