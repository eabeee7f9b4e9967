import { Redis } from 'ioredis'
import { CONTENDERS, type ContenderName, type Shared } from './contenders.ts'

/** What a process does. */
export interface Work {
  readonly redisUrl: string
  readonly baseURL: string
  readonly contender: ContenderName
  readonly shared: Shared
  readonly calls: number
  readonly concurrency: number
}

/** What became of its calls. */
export interface Done {
  readonly answered: number
  readonly failed: number
  /** The CPU time of the process, in microseconds. */
  readonly cpuUs: number
}

const QUESTION = `Summarise this. ${'One word after the other. '.repeat(8)}`

// One of several processes: makes its calls when it gets a message, and sends how many were answered, ten times a second.
if (process.argv[1] === import.meta.filename) await work(JSON.parse(process.argv[2] ?? '') as Work)

async function work({ redisUrl, baseURL, contender, shared, calls, concurrency }: Work): Promise<void> {
  const redis = new Redis(redisUrl, { retryStrategy: () => 20 })
  redis.on('error', () => undefined)
  await new Promise((resolve) => redis.once('ready', resolve))
  const make = CONTENDERS[contender](redis, baseURL, shared)
  const ask: Parameters<typeof make>[0] = (client) =>
    client.chat.completions.create({
      model: 'gpt-4',
      max_completion_tokens: 100,
      messages: [{ role: 'user', content: QUESTION }],
    })
  // Loads what a client loads when it is first used.
  await make(ask)
  let begun = 0
  let answered = 0
  let failed = 0
  const cpu = process.cpuUsage()
  const send = (): void => {
    const { user, system } = process.cpuUsage(cpu)
    process.send?.({ answered, failed, cpuUs: user + system } satisfies Done)
  }
  process.send?.('ready')
  await new Promise((resolve) => process.once('message', resolve))
  const timer = setInterval(send, 100)
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (begun++ < calls) {
        try {
          await make(ask)
          answered++
        } catch {
          failed++
        }
      }
    }),
  )
  clearInterval(timer)
  send()
  process.disconnect()
  redis.disconnect()
}
