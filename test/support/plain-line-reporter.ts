import type { Reporter, TestModule } from 'vitest/node'

/** Closes a run with `N passed, N failed` alone on the last line, in the form that any CI can read. */
export default class PlainLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const skipped = tests.filter((test) => test.result().state === 'skipped').length

    const brokenModules = modules.filter(
      (module) => module.state() === 'failed' && module.errors().length > 0,
    )
    const failed = tests.length - passed - skipped + brokenModules.length + errors.length

    const line = `${passed} passed, ${failed} failed` + (skipped > 0 ? `, ${skipped} skipped` : '')
    process.once('exit', () => process.stdout.write(`${line}\n`))
  }
}
