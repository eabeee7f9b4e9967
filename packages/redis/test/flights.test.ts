import { perCall, receiptOf, type Harbor } from '@harbor/core'
import { describe, expect, it } from 'vitest'
import { CLIENTS } from './clients.ts'
import {
  ask,
  askForStream,
  startFleet,
  untilFollowed,
  untilRenewed,
  QUESTION,
  type FleetSetUp,
  type FlightFleet,
} from './flight-fleet.ts'
import { completion } from './held-provider.ts'
import { hasRedis } from './redis-server.ts'

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))('flights over %s (needs redis-server)', (over) => {
  const fleetOf = (setUp: Omit<FleetSetUp, 'over'> = {}): Promise<FlightFleet> =>
    startFleet({ over, ...setUp })

  it('send one call for all that ask the same at once, and each gets the answer', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const calls = harbors.map((harbor) => harbor.chat.completions.create(QUESTION))
    const request = await provider.request(0)
    await untilFollowed(fleet, 2)
    request.json(200, completion('Hello.'))
    const answers = await Promise.all(calls)
    expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual(['Hello.', 'Hello.', 'Hello.'])
    expect(provider.requests).toHaveLength(1)
    const receipts = answers.map((answer) => receiptOf(answer))
    const [own, ...others] = receipts.toSorted(
      (a, b) => (b?.attempts.length ?? 0) - (a?.attempts.length ?? 0),
    )
    expect(own).toMatchObject({ cache: { status: 'miss' }, attempts: [{ number: 1 }] })
    for (const receipt of others)
      expect(receipt).toMatchObject({
        ...{ cache: { status: 'shared', reason: 'in-flight' }, attempts: [], cost: undefined },
        usage: { inputTokens: 10, outputTokens: 5 },
      })
    const stats = harbors.map((harbor) => harbor.stats().cache)
    expect(stats.reduce((sum, { misses }) => sum + misses, 0)).toBe(1)
    expect(stats.reduce((sum, { shared }) => sum + shared, 0)).toBe(2)
    // Each has it in memory now.
    expect(await Promise.all(harbors.map((harbor) => ask(harbor)))).toEqual(['Hello.', 'Hello.', 'Hello.'])
    expect(provider.requests).toHaveLength(1)
  })

  it('pass a stream on while it arrives', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const words = harbors.map((): string[] => [])
    const answers = harbors.map((harbor, index) => askForStream(harbor, words[index]))
    const request = await provider.request(0)
    await untilFollowed(fleet, 2)
    request.words('one')
    await expect.poll(() => words).toEqual([['one'], ['one'], ['one']])
    request.words('two', 'three')
    await expect.poll(() => words.map((each) => each.length)).toEqual([3, 3, 3])
    request.end()
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 3 }, () => ['one', 'two', 'three']))
    // Each has it in memory now.
    const again = await Promise.all(harbors.map((harbor) => askForStream(harbor)))
    expect(again).toEqual(Array.from({ length: 3 }, () => ['one', 'two', 'three']))
    expect(provider.requests).toHaveLength(1)
  })

  it('give a call that begins in the middle of a stream all of it', async () => {
    const { provider, harbors } = await fleetOf()
    const first = askForStream(harbors[0])
    const request = await provider.request(0)
    request.words('one', 'two')
    const words: string[] = []
    const late = askForStream(harbors[1], words)
    await expect.poll(() => words).toEqual(['one', 'two'])
    request.words('three')
    request.end()
    expect(await Promise.all([first, late])).toEqual([
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ])
    expect(provider.requests).toHaveLength(1)
  })

  it('do not wait for a leader whose caller reads slowly', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const leader = harbors[0] as Harbor
    const unread = leader.chat.completions.create({ ...QUESTION, stream: true })
    const request = await provider.request(0)
    const words: string[] = []
    const follower = askForStream(harbors[1], words)
    request.words('one')
    await unread
    for (let n = 0; n < 50; n++) request.words(`${n}`)
    request.end()
    expect(await follower).toHaveLength(51)
    expect(await askOf(await unread)).toHaveLength(51)
    expect(provider.requests).toHaveLength(1)
  })

  it('are not shared by two tenants', async () => {
    const { provider, harbors, command } = await fleetOf()
    const other = (harbors[1] as Harbor).withOptions({ apiKey: 'other-key' })
    const named = (harbors[2] as Harbor).withOptions({ cache: { scope: 'acme' } })
    const answers = [ask(harbors[0]), ask(other), ask(named)]
    for (let n = 0; n < 3; n++) await provider.request(n)
    const keys = (await command('KEYS', '*')) as string[]
    for (const key of keys) {
      expect(Number(await command('PTTL', key))).toBeGreaterThan(0)
      expect(Number(await command('PTTL', key))).toBeLessThanOrEqual(3_600_000)
      for (const secret of ['test-key', 'other-key', 'acme', 'hello']) expect(key).not.toContain(secret)
    }
    expect(keys.length).toBeGreaterThanOrEqual(6)
    for (const [n, request] of provider.requests.entries()) request.json(200, completion(`${n}`))
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['0', '1', '2']))
  })

  it('are not joined by calls that bypass the cache, and only by each other if they refresh it', async () => {
    const fleet = await fleetOf({ count: 5 })
    const { provider, harbors } = fleet
    const first = ask(harbors[0])
    await provider.request(0)
    const refreshed = [
      ask(harbors[1], perCall({ cache: 'refresh' })),
      ask(harbors[2], perCall({ cache: 'refresh' })),
    ]
    await provider.request(1)
    const bypassed = ask(harbors[3], perCall({ cache: 'bypass' }))
    await provider.request(2)
    const follower = ask(harbors[4])
    await untilFollowed(fleet, 2)
    for (const [n, request] of provider.requests.entries()) request.json(200, completion(`${n}`))
    expect(await Promise.all([first, ...refreshed, bypassed, follower])).toEqual(['0', '1', '1', '2', '0'])
    expect(provider.requests).toHaveLength(3)
  })

  it('refresh a stale answer once for all that have served it', async () => {
    const cache = { ttlMs: 500, staleWhileRevalidateMs: 3_600_000, ttlJitter: 0, farReadTimeoutMs: 10_000 }
    const fleet = await fleetOf({ options: { cache } })
    const { provider, harbors } = fleet
    const first = harbors.map((harbor) => ask(harbor))
    const request = await provider.request(0)
    await untilFollowed(fleet, 2)
    request.json(200, completion('old'))
    expect(await Promise.all(first)).toEqual(['old', 'old', 'old'])
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    expect(await Promise.all(harbors.map((harbor) => ask(harbor)))).toEqual(['old', 'old', 'old'])
    const refresh = await provider.request(1)
    await untilFollowed(fleet, 2)
    expect(provider.requests).toHaveLength(2)
    refresh.json(200, completion('new'))
    for (const harbor of harbors) await expect.poll(() => ask(harbor)).toBe('new')
  })

  it('are not joined after an invalidation, but go on for those that have joined before', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const before = [ask(harbors[0]), ask(harbors[1])]
    const request = await provider.request(0)
    await untilFollowed(fleet, 1)
    await harbors[2]?.cache.clear()
    const after = ask(harbors[2])
    ;(await provider.request(1)).json(200, completion('new'))
    expect(await after).toBe('new')
    request.json(200, completion('old'))
    expect(await Promise.all(before)).toEqual(['old', 'old'])
    expect(provider.requests).toHaveLength(2)
  })

  it('go on for the others when a follower leaves', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const first = ask(harbors[0])
    const request = await provider.request(0)
    const caller = new AbortController()
    const leaving = ask(harbors[1], { signal: caller.signal })
    const staying = ask(harbors[2])
    await untilFollowed(fleet, 2)
    caller.abort()
    await expect(leaving).rejects.toThrow(/abort/i)
    request.json(200, completion('Hello.'))
    expect(await Promise.all([first, staying])).toEqual(['Hello.', 'Hello.'])
    expect(provider.requests).toHaveLength(1)
  })

  it('end for a follower whose time is over, and not for the others', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const first = ask(harbors[0])
    const request = await provider.request(0)
    await expect(ask(harbors[1], { timeout: 300 })).rejects.toThrow(/time/i)
    request.json(200, completion('Hello.'))
    expect(await first).toBe('Hello.')
    expect(provider.requests).toHaveLength(1)
  })

  it('go on for followers when the callers of the leader leave', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const caller = new AbortController()
    const leaving = ask(harbors[0], { signal: caller.signal })
    const request = await provider.request(0)
    const staying = ask(harbors[1])
    await untilFollowed(fleet, 1)
    await untilRenewed()
    caller.abort()
    await expect(leaving).rejects.toThrow(/abort/i)
    request.json(200, completion('Hello.'))
    expect(await staying).toBe('Hello.')
    expect(provider.requests).toHaveLength(1)
  })

  it('go on for those that follow a stream when its callers leave', async () => {
    const fleet = await fleetOf()
    const { provider, harbors } = fleet
    const caller = new AbortController()
    const leaving = askForStream(harbors[0], [], { signal: caller.signal })
    const request = await provider.request(0)
    const words: string[] = []
    const staying = askForStream(harbors[1], words)
    await untilFollowed(fleet, 1)
    request.words('one')
    await expect.poll(() => words).toEqual(['one'])
    await untilRenewed()
    caller.abort()
    // The SDK ends an aborted stream without an error.
    expect(await leaving).toEqual(['one'])
    request.words('two')
    request.end()
    expect(await staying).toEqual(['one', 'two'])
    expect(provider.requests).toHaveLength(1)
  })

  it('abort the request of a leader whose callers leave, if no process follows', async () => {
    const { provider, harbors } = await fleetOf()
    const caller = new AbortController()
    const leaving = ask(harbors[0], { signal: caller.signal })
    const request = await provider.request(0)
    caller.abort()
    await expect(leaving).rejects.toThrow(/abort/i)
    await expect.poll(() => request.isClosed).toBe(true)
    // The lock is free at once.
    const next = ask(harbors[1])
    ;(await provider.request(1)).json(200, completion('Hello.'))
    expect(await next).toBe('Hello.')
  })
})

async function askOf(
  stream: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>,
): Promise<string[]> {
  const words: string[] = []
  for await (const { choices } of stream) {
    const word = choices[0]?.delta.content
    if (word) words.push(word)
  }
  return words
}
