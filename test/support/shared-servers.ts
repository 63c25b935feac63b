import type { TestProject } from 'vitest/node'
import startServers from './servers/database-servers.ts'

/** Starts the database servers for the first project of a run that needs them; the others use the same. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  // What the root project provides, all projects have.
  const root = project.vitest.getRootProject()
  const areStarted = root.getProvidedContext().postgresAddress !== undefined
  return areStarted ? undefined : startServers(root)
}
