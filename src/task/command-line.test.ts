import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { formatCommandLine, splitCommandLine } from './command-line.ts'

describe('splitCommandLine', () => {
  it.each([
    ['pg_dump -Fc app', ['pg_dump', '-Fc', 'app']],
    ['  spaced\tout  ', ['spaced', 'out']],
    [`echo 'one word' "and another"`, ['echo', 'one word', 'and another']],
    [`glued'to'"gether"`, ['gluedtogether']],
    [`empty '' ""`, ['empty', '', '']],
    [String.raw`a\ b \| \'`, ['a b', '|', "'"]],
    [String.raw`"a \" \\ \$ \n"`, [String.raw`a " \ $ \n`]],
    [`'$HOME | * > $(x)'`, ['$HOME | * > $(x)']],
    [`echo a#b a~b --x=y!`, ['echo', 'a#b', 'a~b', '--x=y!']],
  ])('splits %s', (line, words) => {
    expect(splitCommandLine(line)).toEqual(words)
  })

  it.each([
    ['a | b', '|', 2],
    ['a > b', '>', 2],
    ['a < b', '<', 2],
    ['a & b', '&', 2],
    ['a; b', ';', 1],
    ['echo $HOME', '$', 5],
    ['echo "$HOME"', '$', 6],
    ['echo `date`', '`', 5],
    ['rm *.txt', '*', 3],
    ['a # b', '#', 2],
    ['ls ~', '~', 3],
  ])('refuses the shell syntax of %s', (line, char, position) => {
    expect(() => splitCommandLine(line)).toThrow(
      `--command has shell syntax, ${char} at position ${position} of`,
    )
    expect(() => splitCommandLine(line)).toThrow(/add --shell, or put it in single quotes$/)
  })

  it('refuses a variable before the program, pointing to --env', () => {
    for (const line of ['A=1 ls', ' _a2=x', 'PATH+=:/bin ls'])
      expect(() => splitCommandLine(line)).toThrow(/^--command begins with a variable, .*: give it as --env /)
    expect(splitCommandLine('env A=1 ls')).toEqual(['env', 'A=1', 'ls'])
    expect(splitCommandLine(formatCommandLine(['A=1', 'B=2']))).toEqual(['A=1', 'B=2'])
  })

  it.each([`echo 'a`, 'echo "a', '', '  ', `''`])('refuses %j, which is no command', (line) => {
    expect(() => splitCommandLine(line)).toThrow(InvalidInputError)
  })

  it('reads what formatCommandLine writes', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.array(fc.string({ unit: 'binary' })),
        (name, args) => {
          expect(splitCommandLine(formatCommandLine([name, ...args]))).toEqual([name, ...args])
        },
      ),
    )
  })

  it('splits as sh does', () => {
    const piece = fc.constantFrom('a', 'b', ' ', "'", '"', '\\', 'é', '=', '-')
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 12 }), (line) => {
        const words = wordsOf(line)
        fc.pre(words !== undefined)
        const seen = execFileSync('/bin/sh', ['-c', `printf '%s\\0' x ${line}`], { encoding: 'utf8' })
        expect(['x', ...words]).toEqual(seen.split('\0').slice(0, -1))
      }),
      { numRuns: 60 },
    )
  })
})

function wordsOf(line: string): string[] | undefined {
  try {
    return splitCommandLine(line)
  } catch {
    return undefined
  }
}
