import type { Databases } from '../support/databases.ts'
import { Bullmq } from './bullmq.ts'
import type { Peer } from './peer.ts'
import { PgBossPeer } from './pg-boss.ts'

/** The peers, each with a store of its own. */
export async function allPeers(databases: Databases): Promise<Peer[]> {
  const postgres = await databases.postgres()
  return [
    Bullmq.at((await databases.redis()).address),
    Bullmq.at(await postgres.createDatabase()),
    new PgBossPeer(await postgres.createDatabase()),
  ]
}
