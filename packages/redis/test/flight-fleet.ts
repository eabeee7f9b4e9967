import { Harbor, type HarborOptions } from '@harbor/core'
import { expect, onTestFinished } from 'vitest'
import { redisFleet, type RedisFleetOptions } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { HeldProvider } from './held-provider.ts'
import { RedisServer } from './redis-server.ts'

export const QUESTION = {
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content: 'Say hello.' }],
}

/** Clients that share flights, as in as many processes: each has a connection and a cache of its own. */
export interface FlightFleet {
  readonly server: RedisServer
  readonly provider: HeldProvider
  readonly harbors: readonly Harbor[]
  readonly command: Connected['command']
}

export interface FleetSetUp {
  /** The client library. */
  readonly over: string
  readonly count?: number
  readonly options?: HarborOptions
  readonly fleet?: Partial<RedisFleetOptions>
}

export async function startFleet({ over, count = 3, options, fleet }: FleetSetUp): Promise<FlightFleet> {
  const connect = CLIENTS[over] as (url: string) => Promise<Connected>
  const server = await RedisServer.start()
  const provider = await HeldProvider.start()
  const own = await connect(server.url)
  const connected = await Promise.all(Array.from({ length: count }, () => connect(server.url)))
  const harbors = connected.map(
    ({ client }) =>
      new Harbor({
        apiKey: 'test-key',
        baseURL: provider.baseURL,
        logLevel: 'off',
        maxRetries: 0,
        // A busy machine must not look like a slow Redis.
        cache: { farReadTimeoutMs: 10_000 },
        fleet: redisFleet({ client, share: ['cache', 'flights'], budgetMs: 1_000, ...fleet }),
        ...options,
      }),
  )
  onTestFinished(async () => {
    provider.close()
    await Promise.all(harbors.map((harbor) => harbor.close({ graceMs: 0 })))
    for (const { disconnect } of [own, ...connected]) disconnect()
    await server.close()
  })
  return { server, provider, harbors, command: own.command }
}

/** Asks for JSON. Resolves with the text of the answer. */
export async function ask(harbor: Harbor | undefined, options = {}): Promise<string | null | undefined> {
  const answer = await (harbor as Harbor).chat.completions.create(QUESTION, options)
  return answer.choices[0]?.message.content
}

/** Asks for a stream. @param words gets its words as they arrive */
export async function askForStream(
  harbor: Harbor | undefined,
  words: string[] = [],
  options = {},
): Promise<string[]> {
  const stream = await (harbor as Harbor).chat.completions.create({ ...QUESTION, stream: true }, options)
  for await (const { choices } of stream) {
    const word = choices[0]?.delta.content
    if (word) words.push(word)
  }
  return words
}

/** Resolves when this number of clients follow another one. */
export async function untilFollowed({ command }: FlightFleet, count: number): Promise<void> {
  const blocked = async (): Promise<number> =>
    Number(/blocked_clients:(\d+)/.exec(String(await command('INFO', 'clients')))?.[1])
  await expect.poll(blocked, { interval: 10 }).toBe(count)
}

/** Resolves when the leader has renewed its lock, so that it knows of its followers. */
export const untilRenewed = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_100))
