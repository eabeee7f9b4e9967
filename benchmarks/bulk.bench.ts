/**
 * A thousand requests through harbor.bulk, and a thousand embeddings requested one by one, with a simulator in its own process.
 *
 *     pnpm bench bulk
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Harbor, type BulkRequest } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import OpenAI from 'openai'
import { publish } from './publish.ts'
import { figures, judged, median, tableOf } from './table.ts'

const COUNT = 1_000
const AT_ONCE = 50
const LATENCY_MS = 100
const ROUNDS = 5
/** Requests per second in the requirement. */
const SEED_PER_SECOND = 22.1
/** The goal, as a multiple of that. */
const WANTED = 20
const TEXTS = Array.from({ length: COUNT }, (_, number) => `text number ${number}`)

if (process.argv[2] === 'serve') await serve()
else await measureAll()

async function measureAll(): Promise<void> {
  const simulator = await startProvider()
  const sdk = { baseURL: simulator.baseURL, apiKey: 'key' }

  // A client that has been running for a while.
  const harbor = new Harbor(sdk)
  await bulk(harbor)
  const bulkRounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) bulkRounds.push(await bulk(harbor))
  await harbor.close()
  const perSecond = COUNT / median(bulkRounds)

  const embeddings = {
    'openai, one by one': await embed(new OpenAI({ ...sdk, maxRetries: 0 }), simulator.calls),
    'Harbor, one by one': await embed(new Harbor(sdk), simulator.calls),
    'Harbor, embeddingBatch of 100': await embed(
      new Harbor({ ...sdk, embeddingBatch: { maxBatchSize: 100 } }),
      simulator.calls,
    ),
  }
  await simulator.close()

  const factor = `× ${SEED_PER_SECOND}`
  const outcomes = Object.values(embeddings)
  publish('bulk', [
    judged(
      tableOf({
        [`${COUNT} requests, ${AT_ONCE} at once, ${LATENCY_MS} ms each`]: [
          '`harbor.bulk`',
          'maximum of the server',
        ],
        'requests per second': figures(0, [perSecond, (AT_ONCE / LATENCY_MS) * 1_000]),
        [`goal, ${factor}`]: figures(1, [WANTED, undefined]),
        [factor]: figures(1, [perSecond / SEED_PER_SECOND, undefined]),
      }),
      { wanted: `goal, ${factor}`, got: factor, unit: '×', digits: 1, atLeast: true },
      (name) => `requests per second of ${name}, vs. the ${SEED_PER_SECOND} of the requirement`,
    ),
    tableOf({
      [`${COUNT} embeddings.create at once`]: Object.keys(embeddings),
      'requests upstream': figures(
        0,
        outcomes.map(({ upstream }) => upstream),
      ),
      seconds: figures(
        2,
        outcomes.map(({ seconds }) => seconds),
      ),
      'CPU, ms': figures(
        0,
        outcomes.map(({ cpuMs }) => cpuMs),
      ),
    }),
  ])
}

/** @returns seconds */
async function bulk(harbor: Harbor): Promise<number> {
  const requests = Array.from({ length: COUNT }, (_, number): BulkRequest => {
    const messages = [{ role: 'user' as const, content: `Question ${number}?` }]
    return { body: { model: 'gpt-4', messages } }
  })
  const begun = performance.now()
  const { ok } = await harbor.bulk(requests, { concurrency: AT_ONCE }).summary
  if (ok !== COUNT) throw new Error(`${ok} of ${COUNT} were answered`)
  return (performance.now() - begun) / 1_000
}

async function embed(
  client: OpenAI,
  calls: () => Promise<number>,
): Promise<{ upstream: number; seconds: number; cpuMs: number }> {
  const rounds: { upstream: number; seconds: number; cpuMs: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = await calls()
    const cpu = process.cpuUsage()
    const begun = performance.now()
    await Promise.all(
      TEXTS.map((input) => client.embeddings.create({ model: 'text-embedding-3-small', input })),
    )
    const seconds = (performance.now() - begun) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    rounds.push({ upstream: (await calls()) - before, seconds, cpuMs: (user + system) / 1_000 })
  }
  if (client instanceof Harbor) await client.close()
  return {
    upstream: median(rounds.map((round) => round.upstream)),
    seconds: median(rounds.map((round) => round.seconds)),
    cpuMs: median(rounds.map((round) => round.cpuMs)),
  }
}

/** A provider in its own process, with a latency. */
async function startProvider() {
  const child = fork(import.meta.filename, ['serve'])
  const [baseURL] = (await once(child, 'message')) as [string]
  return {
    baseURL,
    calls: async (): Promise<number> => {
      child.send('count')
      const [calls] = (await once(child, 'message')) as [number]
      return calls
    },
    close: async (): Promise<void> => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function serve(): Promise<void> {
  const served = await startSimulator({ providers: { openai: { latency: LATENCY_MS } } })
  const provider = served.provider()
  process.send?.(provider.baseURL)
  process.on('message', () => process.send?.(provider.counts().calls))
  process.on('disconnect', () => void served.close())
}
