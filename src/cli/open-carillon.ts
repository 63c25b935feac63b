import type { Carillon } from '../carillon/carillon.ts'
import type { CarillonOptions } from '../carillon/options.ts'

/** Opens a database. What that takes is loaded only now: it is most of the program, and help and errors do without. */
export async function openCarillon(options: CarillonOptions): Promise<Carillon> {
  const { Carillon } = await import('../carillon/carillon.ts')
  return Carillon.open(options)
}
