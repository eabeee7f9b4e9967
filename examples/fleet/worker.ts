import { openDevtools } from '@harbor/devtools'
import { Harbor } from '@harbor/core'
import { redisFleet } from '@harbor/redis'
import { Redis } from 'ioredis'

/** What a worker reports ten times a second. */
export interface WorkerReport {
  readonly answered: number
  readonly failed: number
  readonly members: number
  readonly degraded: boolean
  readonly spentUsd: number
}

// One of the four processes. It answers questions without a pause until it is stopped.
const [redisUrl = '', baseURL = '', wantsPage] = process.argv.slice(2)
const redis = new Redis(redisUrl, { retryStrategy: () => 50 })
redis.on('error', () => undefined) // Harbor goes on without Redis
const harbor = new Harbor({
  apiKey: 'simulated',
  baseURL,
  logLevel: 'off',
  fleet: redisFleet({ client: redis }),
  limits: { requestsPerMinute: 3_000 },
  spendLimit: { usd: 5, per: 'hour' },
  models: { 'gpt-4': { price: { inputPerMillion: 30, outputPerMillion: 60 } } },
})
if (wantsPage) console.log('🔭 The page of the first worker:', (await openDevtools(harbor)).url)

let answered = 0
let failed = 0
let isOver = false
process.once('message', () => (isOver = true))
const timer = setInterval(() => {
  const { fleet, cost } = harbor.stats()
  const { members = 1, degraded = false } = fleet ?? {}
  process.send?.({ answered, failed, members, degraded, spentUsd: cost.spentUsd } satisfies WorkerReport)
}, 100)

async function answerQuestions(): Promise<void> {
  while (!isOver) {
    const content = `Question ${answered} of worker ${process.pid}: what is a quay?`
    await harbor.chat.completions
      .create({ model: 'gpt-4', max_completion_tokens: 60, messages: [{ role: 'user', content }] })
      .then(
        () => answered++,
        () => failed++,
      )
  }
}
await Promise.all(Array.from({ length: 20 }, answerQuestions))
clearInterval(timer)
await harbor.close()
redis.disconnect()
process.disconnect()
