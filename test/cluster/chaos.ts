import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { windowMs, type Scale } from './scale.ts'

/** Something that goes wrong, so long after the first due instant. */
export type Disturbance = { readonly atMs: number } & (
  | { readonly kind: 'kill' | 'cut'; readonly seat: number }
  /** No byte passes between a member and the database for a while, and nobody is told. */
  | { readonly kind: 'partition'; readonly seat: number; readonly forMs: number }
  | { readonly kind: 'crash'; readonly downMs: number }
)

/**
 * What is to go wrong, in order. Each kind is spread over the window: so many equal parts, and a random instant in each.
 *
 * @param random answers numbers from 0 to 1
 */
export function planChaos(scale: Scale, hasServer: boolean, random: () => number): Disturbance[] {
  const { dispatchers, workers, leaseMs } = scale
  const instants = (count: number) =>
    Array.from({ length: count }, (_, part) => Math.round((windowMs(scale) * (part + random())) / count))
  const seat = () => Math.floor(random() * (dispatchers + workers))
  const between = (from: number, to: number) => Math.round(from + random() * (to - from))

  const kills = instants(scale.kills).map((atMs) => ({ kind: 'kill' as const, atMs, seat: seat() }))
  if (!hasServer) return kills

  const cuts = instants(scale.cuts).map((atMs) => ({ kind: 'cut' as const, atMs, seat: seat() }))
  const partitions = instants(scale.partitions).map((atMs) => {
    const forMs = between(0.5 * leaseMs, 2.5 * leaseMs)
    return { kind: 'partition' as const, atMs, seat: seat(), forMs }
  })
  const crashes = instants(scale.crashes).map((atMs) => {
    return { kind: 'crash' as const, atMs, downMs: between(0, 3 * leaseMs) }
  })
  return [...kills, ...cuts, ...partitions, ...crashes].sort((a, b) => a.atMs - b.atMs)
}

/** Makes all of it happen at its time; resolves when the cluster has been made whole after the last. */
export async function wreak(plan: readonly Disturbance[], cluster: Cluster, startAt: number): Promise<void> {
  const underWay: Promise<void>[] = []
  for (const disturbance of plan) {
    await sleep(Math.max(startAt + disturbance.atMs - Date.now(), 0))
    underWay.push(happen(disturbance, cluster))
  }
  await Promise.all(underWay)
}

async function happen(disturbance: Disturbance, cluster: Cluster): Promise<void> {
  switch (disturbance.kind) {
    case 'kill':
      return cluster.kill(disturbance.seat)
    case 'cut':
      return cluster.cut(disturbance.seat)
    case 'partition':
      return cluster.partition(disturbance.seat, disturbance.forMs)
    case 'crash':
      return cluster.crashServer(disturbance.downMs)
  }
}
