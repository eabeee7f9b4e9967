import { fork } from 'node:child_process'
import { join } from 'node:path'
import { createCache } from '../src/index.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'

/** A value of some KB that repeats its key, so that a mixture of two values is detected. */
export function valueOf(key: number, round: number): string {
  return `${key}:${round}:`.padEnd(200 + ((key * 7919) % 6_000), `${key}-${round};`)
}

export const KEYS = 500

/** Starts a process that writes as fast as it can, and kills it. @returns the keys of the writes that it acknowledged */
export async function writeUntilKilled(
  file: string,
  round: number,
  afterWrites: number,
): Promise<Set<number>> {
  const child = fork(join(import.meta.dirname, 'fixtures', 'kill-writer.ts'), [file, String(round)], {
    execArgv: ['--conditions=@harbor/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const acknowledged = new Set<number>()
  child.on('message', (key: number) => {
    acknowledged.add(key)
    if (acknowledged.size === afterWrites) child.kill('SIGKILL')
  })
  await new Promise((resolve) => child.once('exit', resolve))
  return acknowledged
}

/** Reopens the file and reads all keys. @returns the round of each value served, and how many values are wrong or unreadable */
export async function readBack(
  file: string,
): Promise<{ served: Map<number, number>; wrong: number; unreadable: number }> {
  const cache = createCache<string>({ farTier: new SqliteStore(file), maxEntries: 1 })
  const served = new Map<number, number>()
  let wrong = 0
  for (let key = 0; key < KEYS; key++) {
    const found = await cache.get(`key-${key}`)
    if (!found) continue
    const round = Number(found.value.split(':')[1])
    if (found.value === valueOf(key, round)) served.set(key, round)
    else wrong++
  }
  const { unreadable } = cache.stats().far
  await cache.close()
  return { served, wrong, unreadable }
}
