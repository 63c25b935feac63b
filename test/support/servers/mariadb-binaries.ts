import { findOrInstall, findProgram } from './installed-program.ts'

export interface MariadbBinaries {
  /** The program that sets up a data folder; it calls `my_print_defaults`. */
  readonly install: string
  readonly server: string
}

/** @throws {Error} that says what to install */
export function mariadbBinaries(): MariadbBinaries {
  // The core packages have the programs alone, without the service that mariadb-server would start.
  return findOrInstall('MariaDB', 'mariadb-server-core mariadb-client-core', () => {
    const install = findProgram('mariadb-install-db', 'mysql_install_db')
    const server = findProgram('mariadbd', 'mysqld')
    const complete = findProgram('my_print_defaults') !== undefined
    return install !== undefined && server !== undefined && complete ? { install, server } : undefined
  })
}
