import { defineConfig } from 'carillon'
import { measure, summarise } from './jobs.ts'
import { logger } from './logger.ts'

/** What the program and the command line both run with. */
export default defineConfig({
  database: process.env.CARILLON_DATABASE ?? 'sqlite:./carillon.db',
  jobs: [measure, summarise],
  // Schedules in this database may run programs on this machine: handy here, a decision elsewhere.
  allowCommands: true,
  logger,
})
