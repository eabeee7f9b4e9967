/**
 * The latency at a fixed number of calls per second, which do not wait for earlier ones, as users do not. The server takes 20 ms. Time
 * counts from when a call was due, so a client that falls behind gains nothing.
 *
 *     pnpm bench load
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from './calls.ts'
import { AI_SDK, ALL, DEFAULTS, json, OPENAI, WIRE } from './clients.ts'
import { startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'
import type { Call } from './subject.ts'
import { figures, inWords, median, tableOf } from './table.ts'

const DELAY_MS = 20
const RATES = [500, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000]
const CONTENDERS = [DEFAULTS, ALL, OPENAI, AI_SDK, WIRE]
const ROUND_MS = 500
const ROUNDS = 5

interface Latency {
  p50: number
  p99: number
}

const provider = await startInstantProvider(DELAY_MS)
const contenders = CONTENDERS.map((name) => ({
  name,
  call: json.subjects[name]?.(provider.baseURL) ?? (() => Promise.reject(new Error(`there is no ${name}`))),
}))
for (const { call } of contenders) await arrive(call, 1_000)

const seen: ({ name: string; rate: number } & Latency)[] = []
for (let round = 0; round < ROUNDS; round++) {
  for (const rate of RATES) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]
      if (contender) seen.push({ name: contender.name, rate, ...(await arrive(contender.call, rate)) })
    }
  }
  console.error(`round ${round + 1} of ${ROUNDS}`)
}
provider.close()

const outcomes = CONTENDERS.flatMap((name) =>
  RATES.map((rate) => {
    const rounds = seen.filter((one) => one.name === name && one.rate === rate)
    const middle = (what: keyof Latency) => median(rounds.map((round) => round[what]))
    return { name, rate, p50: middle('p50'), p99: middle('p99') }
  }),
)
const table = (what: keyof Latency) =>
  tableOf({
    [`${what} in ms, ${DELAY_MS} ms at the server`]: RATES.map((rate) => `${inWords(rate)} per second`),
    ...Object.fromEntries(
      CONTENDERS.map((wanted) => [
        wanted,
        figures(
          1,
          outcomes.filter(({ name }) => name === wanted).map((outcome) => outcome[what]),
        ),
      ]),
    ),
  })
publish('load', [table('p50'), table('p99')], {
  series: tableOf({
    client: outcomes.map(({ name }) => name),
    'calls a second': figures(
      0,
      outcomes.map(({ rate }) => rate),
    ),
    'p50, ms': figures(
      1,
      outcomes.map(({ p50 }) => p50),
    ),
    'p99, ms': figures(
      1,
      outcomes.map(({ p99 }) => p99),
    ),
  }),
})

/** Makes calls at even intervals, without waiting for earlier ones. */
async function arrive(call: Call, rate: number): Promise<Latency> {
  const calls = Math.round((rate * ROUND_MS) / 1_000)
  const tookMs: number[] = []
  const under: Promise<void>[] = []
  const startedAt = performance.now()
  for (let number = 0; number < calls; number++) {
    const dueAt = startedAt + (1_000 * number) / rate
    while (dueAt > performance.now()) await sleep(1)
    under.push(
      call().then(() => {
        tookMs.push(performance.now() - dueAt)
      }),
    )
  }
  await Promise.all(under)
  const sorted = Float64Array.from(tookMs).sort()
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}
