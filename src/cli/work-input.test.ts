import { describe, expect, it } from 'vitest'
import { workInput } from './work-input.ts'

describe('workInput', () => {
  it('splits the line of --command into a program and its arguments', () => {
    expect(workInput({ command: `pg_dump -f 'my file' app` }, [])).toEqual({
      job: 'command',
      payload: { program: 'pg_dump', args: ['-f', 'my file', 'app'] },
    })
  })

  it('takes the arguments after -- as they are', () => {
    expect(workInput({ cwd: '/srv', env: ['A=1', 'B=x=y'] }, ['echo', '$HOME', '|'])).toEqual({
      job: 'command',
      payload: { program: 'echo', args: ['$HOME', '|'], cwd: '/srv', env: { A: '1', B: 'x=y' } },
    })
  })

  it('hands the whole line to a shell with --shell', () => {
    expect(workInput({ command: 'a | b > c', shell: true }, [])).toEqual({
      job: 'command',
      payload: { program: 'a | b > c', shell: true },
    })
  })

  it('names a job with its payload, or nothing at all', () => {
    expect(workInput({ job: 'report', payload: null }, [])).toEqual({ job: 'report', payload: null })
    expect(workInput({}, [])).toEqual({})
  })

  it.each([
    [{ job: 'a', command: 'b' }, [], '--job and --command are given'],
    [{ command: 'b' }, ['c'], '--command and -- <program> are given'],
    [{ command: 'b', payload: {} }, [], '--payload goes with --job'],
    [{ job: 'a', shell: true }, [], '--shell goes with --command'],
    [{ shell: true }, ['a'], '--shell goes with --command'],
    [{ cwd: '/' }, [], '--cwd goes with --command'],
    [{ env: ['A=1'] }, [], '--env goes with --command'],
    [{ command: 'a', env: ['A'] }, [], '--env "A" is not of the form NAME=value'],
  ])('refuses %j with %j', (options, program, message) => {
    expect(() => workInput(options, program)).toThrow(message)
  })
})
