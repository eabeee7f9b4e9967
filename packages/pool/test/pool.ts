import { onTestFinished } from 'vitest'
import { createPool, type OriginStats, type Pool, type PoolOptions } from '../src/index.ts'

/** A pool that is destroyed when the test is over. */
export function startPool(options?: PoolOptions): Pool {
  const pool = createPool(options)
  onTestFinished(() => pool.dispatcher.destroy())
  return pool
}

/** The statistics of the only origin of a pool. */
export function statsOf(pool: Pool): OriginStats {
  const [stats, ...others] = Object.values(pool.stats())
  if (!stats || others.length > 0) throw new Error('expected one origin')
  return stats
}
