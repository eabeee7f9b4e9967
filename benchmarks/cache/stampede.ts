import { figures, inWords, tableOf, type Table } from '../table.ts'
import { newBentocache, newCacheable, newHarbor, newKeyv, newLru, VALUE, type Origin } from './rivals.ts'

const CALLERS = 1_000
const ORIGIN_MS = 5
const ROUNDS = 3
const NONE = { calls: 0, tookMs: NaN }
/** The longest wait: some libraries load once for each caller, one after the other. */
const PATIENCE_MS = 20_000

type Ask = (key: string, origin: Origin) => Promise<unknown>

interface Outcome {
  calls: number
  tookMs: number
}

/** The number of loads, and the time, when a thousand callers request the same missing key; as a table. */
export async function stampedeTable(): Promise<Table> {
  const { rivals, close } = contenders()
  const loads: Outcome[] = []
  const failures: Outcome[] = []
  for (const ask of Object.values(rivals)) {
    // Once with fewer callers for the compiler, then measured.
    for (const fails of [false, true]) await stampede(ask, `warm-${fails}`, 300, fails)
    loads.push(await medianOf(ask, false))
    failures.push(await medianOf(ask, true))
  }
  await close()
  return tableOf({
    [`${inWords(CALLERS)} callers at once`]: Object.keys(rivals),
    [`loads of ${ORIGIN_MS} ms`]: figures(
      0,
      loads.map(({ calls }) => calls),
    ),
    'until all have the value, ms': loads.map(tookOf),
    'failing loads': figures(
      0,
      failures.map(({ calls }) => calls),
    ),
    'until all have the error, ms': failures.map(tookOf),
  })
}

/** The calls are the same in all rounds. */
async function medianOf(ask: Ask, fails: boolean): Promise<Outcome> {
  const rounds: Outcome[] = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(await stampede(ask, `key-${fails}-${round}`, CALLERS, fails))
  }
  return rounds.sort((one, other) => one.tookMs - other.tookMs)[ROUNDS >> 1] ?? NONE
}

const tookOf = ({ tookMs }: Outcome): string =>
  tookMs === Infinity ? `over ${inWords(PATIENCE_MS)}` : inWords(tookMs)

async function stampede(ask: Ask, key: string, callers: number, fails: boolean): Promise<Outcome> {
  let calls = 0
  const origin = async (): Promise<string> => {
    calls++
    await new Promise((resolve) => setTimeout(resolve, ORIGIN_MS))
    if (fails) throw new Error('down')
    return VALUE
  }
  const begun = performance.now()
  const all = Promise.all(Array.from({ length: callers }, () => ask(key, origin).catch(() => 'failed')))
  const ended = await Promise.race([
    all,
    new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined).unref()),
  ])
  return { calls, tookMs: ended ? performance.now() - begun : Infinity }
}

function contenders(): { rivals: Record<string, Ask>; close: () => Promise<void> } {
  const harbor = newHarbor(100)
  const lru = newLru(100)
  const bentocache = newBentocache(100)
  const cacheable = newCacheable(100)
  const keyv = newKeyv()
  const pending = new Map<string, Promise<string>>()
  return {
    rivals: {
      '**harbor**, `getOrLoad`': (key, origin) => harbor.getOrLoad(key, origin),
      'lru-cache 11, `fetch`': (key, origin) => lru.fetch(key, { context: origin }),
      'bentocache, `getOrSet`': (key, origin) => bentocache.getOrSet({ key, factory: origin }),
      'cacheable, `getOrSet`': (key, origin) => cacheable.getOrSet(key, origin, { throwErrors: true }),
      'keyv, `get`, then `set`': async (key, origin) => {
        const there = await keyv.get(key)
        if (there === undefined) await keyv.set(key, await origin())
      },
      // It also stores failed promises forever.
      'a Map of promises': (key, origin) => {
        const promise = pending.get(key) ?? origin()
        pending.set(key, promise)
        return promise
      },
    },
    close: async () => {
      await bentocache.disconnectAll()
    },
  }
}
