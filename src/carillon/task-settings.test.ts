import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.ts'
import type { TaskSchedule } from '../task/fluent/task-schedule.ts'
import type { TaskSettings } from './task-settings.ts'
import { Tasks } from './tasks.ts'

describe('settings', () => {
  it.each([
    [{ schedule: 1 }, /tasks\.schedule is not a function/],
    [{ schedule: async () => {} }, /asynchronous/],
    [{ schedule: () => {}, lockLog: 'conflict' }, /did you mean "conflicts"/],
    [{ schedule: () => {}, timezon: 'UTC' }, /tasks\.timezon.*did you mean "timezone"/],
    [{ schedule: (s: TaskSchedule) => s.job('x').daily() && undefined }, /needs a database/],
    [{ schedule: (s: TaskSchedule) => void s.command('x').daily().emailOutputTo('a@b') }, /tasks\.sendMail/],
    [{ schedule: (s: TaskSchedule) => void s.command('x').daily().onOneServer() }, /redisLocks/],
  ])('that make no sense are refused: %s', async (settings, message) => {
    const opened = Tasks.open({ tasks: settings as unknown as TaskSettings })
    await expect(opened).rejects.toThrow(ConfigError)
    await expect(opened).rejects.toThrow(message)
  })

  it('name the nearest task to one that is not there', async () => {
    await using tasks = await Tasks.open({
      tasks: { schedule: (s) => void s.command('x').name('prune').daily() },
    })
    await expect(tasks.test('prun', new AbortController().signal)).rejects.toThrow(/did you mean "prune"/)
    await expect(tasks.unlock('prune')).rejects.toThrow(/withoutOverlapping/)
  })
})
