#!/usr/bin/env node
// An older Node must get as far as the message, so nothing is loaded before it.
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `carillon: Node 24 or later is needed, and this is Node ${process.versions.node} (${process.execPath})\n`,
  )
  process.exitCode = 1
} else {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  const { main } = await import('./main.ts')
  await main()
}
