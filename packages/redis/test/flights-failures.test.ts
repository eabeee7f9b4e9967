import { receiptOf, type Harbor } from '@harbor/core'
import { describe, expect, it } from 'vitest'
import { CLIENTS } from './clients.ts'
import {
  ask,
  askForStream,
  startFleet,
  untilFollowed,
  untilRenewed,
  type FleetSetUp,
  type FlightFleet,
} from './flight-fleet.ts'
import { completion } from './held-provider.ts'
import { hasRedis } from './redis-server.ts'

const error = (message: string, type: string): object => ({
  error: { message, type, code: null, param: null },
})

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))(
  'failed flights over %s (needs redis-server)',
  (over) => {
    const fleetOf = (setUp: Omit<FleetSetUp, 'over'> = {}): Promise<FlightFleet> =>
      startFleet({ over, ...setUp })

    /** Returns the status and message of the error of each call. */
    const errorsOf = async (calls: readonly Promise<unknown>[]): Promise<unknown[]> =>
      (await Promise.allSettled(calls)).map((each) => {
        const { status, message } = (each.status === 'rejected' ? each.reason : {}) as Record<string, unknown>
        return { status, message }
      })

    it('give each caller an error that the request has caused', async () => {
      const fleet = await fleetOf()
      const { provider, harbors } = fleet
      const calls = harbors.map((harbor) => ask(harbor))
      const errors = errorsOf(calls)
      const request = await provider.request(0)
      await untilFollowed(fleet, 2)
      request.json(400, error('No such parameter.', 'invalid_request_error'))
      const [one, ...others] = await errors
      expect(one).toEqual({ status: 400, message: expect.stringContaining('No such parameter.') as string })
      expect(others).toEqual([one, one])
      expect(provider.requests).toHaveLength(1)
      const attempts = (await Promise.allSettled(calls)).map((call) =>
        call.status === 'rejected' ? receiptOf(call.reason)?.attempts.length : undefined,
      )
      expect(attempts.toSorted()).toEqual([0, 0, 1])
    })

    it('are made by another process after an error that the request has not caused', async () => {
      const fleet = await fleetOf()
      const { provider, harbors } = fleet
      const settled = Promise.allSettled(harbors.map((harbor) => ask(harbor)))
      const first = await provider.request(0)
      await untilFollowed(fleet, 2)
      first.json(500, error('Out of order.', 'server_error'))
      const second = await provider.request(1)
      await untilFollowed(fleet, 1)
      second.json(200, completion('Hello.'))
      const results = await settled
      expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      expect(provider.requests).toHaveLength(2)
    })

    it('end with the third error, so that an outage costs no more requests than that', async () => {
      const fleet = await fleetOf({ count: 7 })
      const { provider, harbors } = fleet
      const errors = errorsOf(harbors.map((harbor) => ask(harbor)))
      for (let n = 0; n < 3; n++) {
        const request = await provider.request(n)
        await untilFollowed(fleet, 6 - n)
        request.json(503, error(`Overloaded ${n}.`, 'server_error'))
      }
      const failures = await errors
      expect(failures.map((failure) => (failure as { status: number }).status)).toEqual(Array(7).fill(503))
      expect(provider.requests).toHaveLength(3)
    })

    it('are made by another process when the client of the leader is closed', async () => {
      const fleet = await fleetOf()
      const { provider, harbors } = fleet
      const first = ask(harbors[0])
      await provider.request(0)
      const others = [ask(harbors[1]), ask(harbors[2])]
      await untilFollowed(fleet, 2)
      const closing = harbors[0]?.close({ graceMs: 0 })
      await expect(first).rejects.toThrow()
      const second = await provider.request(1)
      await untilFollowed(fleet, 1)
      second.json(200, completion('Hello.'))
      expect(await Promise.all(others)).toEqual(['Hello.', 'Hello.'])
      expect(provider.requests).toHaveLength(2)
      await closing
    })

    it('end a stream with an error for all, and cache nothing, when the provider breaks it off', async () => {
      const fleet = await fleetOf()
      const { provider, harbors } = fleet
      const words = harbors.map((): string[] => [])
      const errors = errorsOf(harbors.map((harbor, index) => askForStream(harbor, words[index])))
      const request = await provider.request(0)
      await untilFollowed(fleet, 2)
      request.words('one')
      await expect.poll(() => words).toEqual([['one'], ['one'], ['one']])
      request.cut()
      const failures = await errors
      for (const { message } of failures as { message: string }[]) expect(message).toMatch(/fragment/)
      const again = askForStream(harbors[1])
      const second = await provider.request(1)
      second.words('whole')
      second.end()
      expect(await again).toEqual(['whole'])
    })

    it('are made by each process itself while Redis is stopped', async () => {
      const fleet = await fleetOf({ fleet: { budgetMs: 100 } })
      const { provider, harbors, server } = fleet
      const calls = harbors.map((harbor) => ask(harbor))
      await provider.request(0)
      await untilFollowed(fleet, 2)
      server.freeze()
      await provider.request(2)
      for (const request of provider.requests) request.json(200, completion('Hello.'))
      expect(await Promise.all(calls)).toEqual(['Hello.', 'Hello.', 'Hello.'])
      expect(provider.requests).toHaveLength(3)
    })

    it('are made by each process itself after Redis was killed', async () => {
      const fleet = await fleetOf({ fleet: { budgetMs: 100 } })
      const { provider, harbors, server } = fleet
      const calls = harbors.map((harbor) => ask(harbor))
      await provider.request(0)
      await untilFollowed(fleet, 2)
      await server.kill()
      await provider.request(2)
      for (const request of provider.requests) request.json(200, completion('Hello.'))
      expect(await Promise.all(calls)).toEqual(['Hello.', 'Hello.', 'Hello.'])
      expect(provider.requests).toHaveLength(3)
    })

    it('reach those that follow although Redis loses its data', async () => {
      const fleet = await fleetOf({ count: 5 })
      const { provider, harbors, command } = fleet
      const calls = harbors.slice(0, 4).map((harbor) => ask(harbor))
      const first = await provider.request(0)
      await untilFollowed(fleet, 3)
      await untilRenewed()
      await command('FLUSHALL')
      await untilRenewed()
      // It cannot know of the flight.
      const later = ask(harbors[4])
      ;(await provider.request(1)).json(200, completion('Second.'))
      expect(await later).toBe('Second.')
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      first.json(200, completion('Hello.'))
      expect(await Promise.all(calls)).toEqual(Array(4).fill('Hello.'))
      expect(provider.requests).toHaveLength(2)
    })

    it('reach those that follow a stream although Redis loses its data', async () => {
      const fleet = await fleetOf()
      const { provider, harbors, command } = fleet
      const leader = askForStream(harbors[0])
      const request = await provider.request(0)
      const words: string[] = []
      const follower = askForStream(harbors[1], words)
      await untilFollowed(fleet, 1)
      request.words('one')
      await expect.poll(() => words).toEqual(['one'])
      await command('FLUSHALL')
      request.words('two')
      await expect.poll(() => words).toEqual(['one', 'two'])
      request.end()
      expect(await Promise.all([leader, follower])).toEqual([
        ['one', 'two'],
        ['one', 'two'],
      ])
      expect(provider.requests).toHaveLength(1)
    })

    it('end a stream with an error for those that have missed a part of it', async () => {
      const fleet = await fleetOf()
      const { provider, harbors, command } = fleet
      const leader = askForStream(harbors[0])
      const request = await provider.request(0)
      const words: string[] = []
      const follower = askForStream(harbors[1], words)
      await untilFollowed(fleet, 1)
      request.words('one')
      await expect.poll(() => words).toEqual(['one'])
      const [stream = ''] = ((await command('KEYS', '*')) as string[]).filter((key) => /-1$/.test(key))
      const lost = expect(follower).rejects.toThrow(/lost it before the end of the stream/)
      // Another event with a later number, as if those before it were trimmed.
      await command('XADD', stream, '*', 'n', '9', 'k', 'chunk', 'd', 'data: {}')
      await lost
      request.end()
      expect(await leader).toEqual(['one'])
    })

    it('go on with a stream after Redis was stopped', async () => {
      const fleet = await fleetOf({ fleet: { budgetMs: 50 } })
      const { provider, harbors, server } = fleet
      const leaderWords: string[] = []
      const leader = askForStream(harbors[0], leaderWords)
      const request = await provider.request(0)
      const words: string[] = []
      const follower = askForStream(harbors[1], words)
      await untilFollowed(fleet, 1)
      request.words('one')
      await expect.poll(() => words).toEqual(['one'])
      server.freeze()
      request.words('two')
      await expect.poll(() => leaderWords).toEqual(['one', 'two'])
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      request.words('three')
      server.thaw()
      await expect.poll(() => words).toEqual(['one', 'two', 'three'])
      request.words('four')
      request.end()
      expect(await leader).toEqual(['one', 'two', 'three', 'four'])
      expect(await follower).toEqual(['one', 'two', 'three', 'four'])
      expect(provider.requests).toHaveLength(1)
    })

    it('go on with a stream after Redis was killed and replaced by an empty one', async () => {
      const fleet = await fleetOf({ fleet: { budgetMs: 50 } })
      const { provider, harbors, server } = fleet
      const leader = askForStream(harbors[0])
      const request = await provider.request(0)
      const words: string[] = []
      const follower = askForStream(harbors[1], words)
      await untilFollowed(fleet, 1)
      request.words('one')
      await expect.poll(() => words).toEqual(['one'])
      await server.kill()
      request.words('two')
      await server.restart()
      request.words('three')
      await expect.poll(() => words).toEqual(['one', 'two', 'three'])
      request.end()
      expect(await leader).toEqual(['one', 'two', 'three'])
      expect(await follower).toEqual(['one', 'two', 'three'])
      expect(provider.requests).toHaveLength(1)
    })

    it('are made by each process itself if the answer is too large', async () => {
      const fleet = await fleetOf({ options: { cache: { maxRecordBytes: 1_000 } } })
      const { provider, harbors } = fleet
      const calls = harbors.map((harbor) => ask(harbor))
      const first = await provider.request(0)
      await untilFollowed(fleet, 2)
      const text = 'x'.repeat(2_000)
      first.json(200, completion(text))
      await provider.request(2)
      for (const request of provider.requests.slice(1)) request.json(200, completion(text))
      expect(await Promise.all(calls)).toEqual([text, text, text])
      expect(provider.requests).toHaveLength(3)
    })

    it('pass a stream that is larger than the bound on to those that follow, and to no other', async () => {
      const fleet = await fleetOf({ options: { cache: { maxRecordBytes: 4_000 } } })
      const { provider, harbors, command } = fleet
      const words: string[] = []
      const leader = askForStream(harbors[0], words)
      const request = await provider.request(0)
      const follower = askForStream(harbors[1])
      await untilFollowed(fleet, 1)
      for (let n = 1; n <= 100; n++) {
        request.words(`${n}`)
        await expect.poll(() => words.length, { interval: 2 }).toBe(n)
      }
      const late = askForStream(harbors[2])
      const second = await provider.request(1)
      second.end()
      expect(await late).toEqual([])
      const [stream] = ((await command('KEYS', '*')) as string[]).filter((key) => key.split(':').length > 3)
      expect(Number(await command('MEMORY', 'USAGE', String(stream)))).toBeLessThan(16_000)
      request.end()
      expect(await leader).toHaveLength(100)
      expect(await follower).toHaveLength(100)
    })

    it('are not shared unless they are listed', async () => {
      const { provider, harbors, command } = await fleetOf({ fleet: { share: undefined } })
      const calls = harbors.map((harbor: Harbor) => ask(harbor))
      await provider.request(2)
      expect(((await command('KEYS', '*')) as string[]).filter((key) => key.includes('flights'))).toEqual([])
      for (const request of provider.requests) request.json(200, completion('Hello.'))
      await Promise.all(calls)
    })
  },
)
