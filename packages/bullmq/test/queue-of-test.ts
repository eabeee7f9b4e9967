import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BulkResult, BulkRun } from '@harbor/batch'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startFleetWorker, type FleetWorker, type FleetWorkerOptions } from '../src/index.ts'
import { RedisServer } from '../../redis/test/redis-server.ts'

/** Where the run of a test is. */
export interface Place {
  readonly queue: string
  readonly connection: string
  readonly journal: string
}

/** A Redis server for the tests of a file, with a queue and a journal of its own for each. Workers are closed after each test. */
export function queuesOfTests(...settings: readonly string[]): {
  readonly server: () => RedisServer
  readonly place: () => Place
  readonly work: typeof startFleetWorker
  readonly closeWorkers: () => Promise<void>
} {
  let server: RedisServer | undefined
  let folder = ''
  let number = 0
  const workers: FleetWorker[] = []
  const started = (): RedisServer => {
    if (!server) throw new Error('the server is started before the tests')
    return server
  }
  const closeWorkers = async (): Promise<void> => {
    await Promise.all(workers.splice(0).map((worker) => worker.close({ graceMs: 0 })))
  }
  beforeAll(async () => {
    server = await RedisServer.start(...settings)
    folder = mkdtempSync(join(tmpdir(), 'harbor-bullmq-'))
  })
  afterEach(closeWorkers)
  afterAll(async () => {
    await server?.close()
    rmSync(folder, { recursive: true })
  })
  return {
    server: started,
    place() {
      number++
      return { queue: `q${number}`, connection: started().url, journal: join(folder, `${number}.jsonl`) }
    },
    work(run, { queue, connection, ...more }: FleetWorkerOptions) {
      const { concurrency, patienceMs, prefix } = more
      const worker = startFleetWorker(run, { queue, connection, concurrency, patienceMs, prefix })
      workers.push(worker)
      return worker
    },
    closeWorkers,
  }
}

/** Reads a run to its end. @returns the results, sorted by position */
export async function resultsOf<Result>(run: BulkRun<Result>): Promise<BulkResult<Result>[]> {
  const results: BulkResult<Result>[] = []
  for await (const result of run) results.push(result)
  return results.sort((one, other) => one.index - other.index)
}

export const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
