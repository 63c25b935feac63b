import type { Reporter, TestModule, TestSpecification } from 'vitest/node'

/** Closes a run with `N passed, N failed` alone on the last line, in the form that any CI can read. */
export default class PlainLineReporter implements Reporter {
  #filesToRun = 0

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#filesToRun = specifications.length
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const skipped = tests.filter((test) => test.result().state === 'skipped').length

    const brokenModules = modules.filter(
      (module) => module.state() === 'failed' && module.errors().length > 0,
    )
    // Files that were never begun, such as when the servers that they need don't start.
    const missing = this.#filesToRun - modules.length
    const failed = tests.length - passed - skipped + brokenModules.length + errors.length + missing

    const before = skipped > 0 ? `${skipped} skipped\n` : ''
    process.once('exit', () => process.stdout.write(`${before}${passed} passed, ${failed} failed\n`))
  }
}
