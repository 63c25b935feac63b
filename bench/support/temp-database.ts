import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { Store } from '../../src/store/store.ts'

/** A database file with Carillon's tables in a folder of its own, which goes with it. */
export class TempDatabase implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
  readonly file = join(this.#folder, 'bench.db')
  readonly address = `sqlite:${this.file}`

  /** An empty one, or one that is the same as `template`, to which no connection may be open. */
  static async create(template?: TempDatabase): Promise<TempDatabase> {
    const database = new TempDatabase()
    if (template === undefined) await (await Store.open(database.address, new SystemClock())).close()
    else cpSync(template.file, database.file)
    return database
  }

  /** A bare connection with the settings that Carillon uses. */
  connect(): DatabaseSync {
    const connection = new DatabaseSync(this.file)
    connection.exec('pragma journal_mode = wal')
    connection.exec('pragma synchronous = full')
    connection.exec('pragma foreign_keys = on')
    return connection
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
