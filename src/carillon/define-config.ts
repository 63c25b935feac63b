import type { DatabaseInput } from '../sql/database-input.ts'
import type { CarillonOptions } from './options.ts'

/** What `carillon.config.ts` holds: the options of `Carillon.open`. The database may be left to the command line. */
export type CarillonConfig = Omit<CarillonOptions, 'database'> & {
  readonly database?: DatabaseInput | undefined
}

/** Types a config file: `export default defineConfig({ … })`. */
export function defineConfig(config: CarillonConfig): CarillonConfig {
  return config
}
