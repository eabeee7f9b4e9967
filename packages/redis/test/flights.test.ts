import { Harbor, type HarborOptions } from '@harbor/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { redisFleet, type RedisFleetOptions } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { completion, HeldProvider } from './held-provider.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const QUESTION = {
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content: 'Say hello.' }],
}

interface Fleet {
  readonly server: RedisServer
  readonly provider: HeldProvider
  readonly harbors: readonly [Harbor, Harbor, Harbor]
  readonly command: Connected['command']
}

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))('flights over %s (needs redis-server)', (name) => {
  const connect = CLIENTS[name] as (url: string) => Promise<Connected>

  /** Three clients of one fleet, as in three processes: each has a connection and a cache of its own. */
  async function fleet(options: HarborOptions = {}, shared: Partial<RedisFleetOptions> = {}): Promise<Fleet> {
    const server = await RedisServer.start()
    const provider = await HeldProvider.start()
    const connected = await Promise.all(Array.from({ length: 4 }, () => connect(server.url)))
    const [one, two, three, other] = connected as [Connected, Connected, Connected, Connected]
    const harborWith = ({ client }: Connected): Harbor =>
      new Harbor({
        apiKey: 'test-key',
        baseURL: provider.baseURL,
        logLevel: 'off',
        cache: true,
        maxRetries: 0,
        // A busy machine must not look like a slow Redis.
        fleet: redisFleet({ client, share: ['cache', 'flights'], budgetMs: 1_000, ...shared }),
        ...options,
      })
    const harbors = [harborWith(one), harborWith(two), harborWith(three)] as const
    onTestFinished(async () => {
      provider.close()
      await Promise.all(harbors.map((harbor) => harbor.close({ graceMs: 0 })))
      for (const { disconnect } of connected) disconnect()
      await server.close()
    })
    return { server, provider, harbors, command: other.command }
  }

  const ask = (harbor: Harbor, options = {}): Promise<string | null | undefined> =>
    harbor.chat.completions.create(QUESTION, options).then(({ choices }) => choices[0]?.message.content)

  const stream = async (harbor: Harbor, words: string[], options = {}): Promise<string[]> => {
    const answer = await harbor.chat.completions.create({ ...QUESTION, stream: true }, options)
    for await (const { choices } of answer) {
      const word = choices[0]?.delta.content
      if (word) words.push(word)
    }
    return words
  }

  /** Resolves when this number of calls wait for another process. */
  async function followed({ command }: Fleet, blocked: number): Promise<void> {
    await expect
      .poll(async () => Number(/blocked_clients:(\d+)/.exec(String(await command('INFO', 'clients')))?.[1]), {
        timeout: 5_000,
      })
      .toBe(blocked)
  }

  it('sends one call for all that ask the same at once, and each gets the answer', async () => {
    const all = await fleet()
    const { provider, harbors } = all
    const answers = harbors.map((harbor) => ask(harbor))
    const request = await provider.request(0)
    await followed(all, 2)
    request.json(200, completion('Hello.'))
    expect(await Promise.all(answers)).toEqual(['Hello.', 'Hello.', 'Hello.'])
    expect(provider.requests).toHaveLength(1)
  })

  it('passes a stream on while it arrives', async () => {
    const all = await fleet()
    const { provider, harbors } = all
    const words = harbors.map((): string[] => [])
    const answers = harbors.map((harbor, index) => stream(harbor, words[index] as string[]))
    const request = await provider.request(0)
    await followed(all, 2)
    request.words('one')
    await expect.poll(() => words).toEqual([['one'], ['one'], ['one']])
    request.words('two', 'three')
    await expect.poll(() => words.map((each) => each.length)).toEqual([3, 3, 3])
    request.end()
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 3 }, () => ['one', 'two', 'three']))
    expect(provider.requests).toHaveLength(1)
  })
})
