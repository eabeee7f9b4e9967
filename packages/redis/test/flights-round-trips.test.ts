import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CLIENTS } from './clients.ts'
import { ask, askForStream, startFleet, untilFollowed, type FlightFleet } from './flight-fleet.ts'
import { completion } from './held-provider.ts'
import { hasRedis } from './redis-server.ts'

/**
 * Records the commands that the server gets from clients.
 *
 * @returns a function that waits for at least this number of commands, and returns those since its last call
 */
async function commandsOf({
  server,
  command,
}: FlightFleet): Promise<(atLeast?: number) => Promise<string[]>> {
  const client = new Redis(server.url)
  const monitor = await client.monitor()
  let commands: string[] = []
  let echoes = 0
  monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
    if (source === 'lua' || name.toUpperCase() === 'INFO') return
    if (name.toUpperCase() === 'ECHO') echoes++
    else commands.push(name.toUpperCase())
  })
  onTestFinished(() => {
    monitor.disconnect()
    client.disconnect()
  })
  return async (atLeast = 0) => {
    await expect.poll(() => commands.length, { interval: 5 }).toBeGreaterThanOrEqual(atLeast)
    // The commands before this one are reported before it is.
    const before = echoes
    await command('ECHO', 'mark')
    await expect.poll(() => echoes, { interval: 5 }).toBeGreaterThan(before)
    const seen = commands
    commands = []
    return seen
  }
}

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))(
  'round trips of flights over %s (needs redis-server)',
  (over) => {
    it('are four for a miss, and one or none for a hit', async () => {
      const fleet = await startFleet({ over, count: 2 })
      const { provider, harbors } = fleet
      const commands = await commandsOf(fleet)
      // The first call loads the scripts.
      const first = ask(harbors[0], { headers: { 'x-first': '1' } })
      ;(await provider.request(0)).json(200, completion('First.'))
      await first
      expect(await commands(4)).toEqual(expect.arrayContaining(['EVAL', 'EVAL', 'SET']))
      const answer = ask(harbors[0])
      ;(await provider.request(1)).json(200, completion('Hello.'))
      expect(await answer).toBe('Hello.')
      const before = harbors[0]?.stats().fleet?.roundTrips
      expect((await commands(4)).toSorted()).toEqual(['EVALSHA', 'EVALSHA', 'GET', 'SET'])
      expect(await ask(harbors[0])).toBe('Hello.')
      expect(await commands()).toEqual([])
      expect(harbors[0]?.stats().fleet?.roundTrips).toBe(before)
      expect(await ask(harbors[1])).toBe('Hello.')
      expect(await commands(1)).toEqual(['GET'])
      expect(harbors[1]?.stats().fleet?.roundTrips).toBe(1)
    })

    it('are four for a call that follows another one, and none while no call is made', async () => {
      const fleet = await startFleet({ over, count: 2 })
      const { provider, harbors } = fleet
      const first = ask(harbors[0])
      const request = await provider.request(0)
      const commands = await commandsOf(fleet)
      const follower = ask(harbors[1])
      await untilFollowed(fleet, 1)
      // Beside those with which the second connection is opened. The leader may have renewed its lock meanwhile.
      const following = await commands(4)
      expect(following.filter((name) => ['GET', 'XREAD'].includes(name))).toEqual(['GET', 'XREAD', 'XREAD'])
      expect(following.filter((name) => name === 'EVALSHA').length).toBeLessThanOrEqual(2)
      request.json(200, completion('Hello.'))
      expect(await Promise.all([first, follower])).toEqual(['Hello.', 'Hello.'])
      // The follower does not write the answer to the cache a second time.
      expect((await commands(2)).filter((name) => name === 'SET')).toHaveLength(1)
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(await commands()).toEqual([])
    })

    it('are far fewer than the events of a long stream', async () => {
      const fleet = await startFleet({ over, count: 2 })
      const { provider, harbors } = fleet
      const leader = askForStream(harbors[0])
      const request = await provider.request(0)
      const follower = askForStream(harbors[1])
      await untilFollowed(fleet, 1)
      const commands = await commandsOf(fleet)
      for (let n = 0; n < 400; n++) {
        request.words(`${n}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
      request.end()
      expect(await leader).toHaveLength(400)
      expect(await follower).toHaveLength(400)
      const counts = await commands(4)
      expect(counts.filter((name) => name === 'EVALSHA').length).toBeLessThan(100)
      expect(counts.filter((name) => name === 'XREAD').length).toBeLessThan(100)
    })
  },
)
