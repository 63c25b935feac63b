import type { z } from '@hono/zod-openapi'
import { ProblemError } from './problem.ts'

/** What of a request is wrong, by the first of its faults. */
export function describeIssue(error: z.ZodError): ProblemError {
  const { message, path } = innermost(error.issues[0]!)
  const place = path.map(String).join('.')
  const text = message.charAt(0).toLowerCase() + message.slice(1)
  return new ProblemError('INVALID_INPUT', place === '' ? text : `${place} is not right: ${text}`, {
    ...(place !== '' && { path: place }),
  })
}

type Issue = z.core.$ZodIssue

/** Of a choice between several forms, the fault of the form that came closest. */
function innermost(issue: Issue): Pick<Issue, 'message' | 'path'> {
  if (issue.code !== 'invalid_union') return issue
  const deepest = issue.errors
    .flatMap((issues) => issues.slice(0, 1))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
  if (deepest === undefined || deepest.path.length === 0) {
    const expected = issue.errors.flatMap(([first]) =>
      first?.code === 'invalid_type' ? [first.expected] : [],
    )
    return expected.length === 0 ? issue : { ...issue, message: `expected ${expected.join(' or ')}` }
  }
  const { message, path } = innermost(deepest)
  return { message, path: [...issue.path, ...path] }
}
