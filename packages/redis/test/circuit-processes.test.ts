import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { join } from 'node:path'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CallsMade, CircuitWork } from './fixtures/circuit-process.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const PRIMARY = 'openai/gpt-4'
const BACKUP = 'backup/gpt-4'
const DOWN = { rules: [{ fault: { type: 'status', status: 500 } }] } as const

/** A process with a client of a fleet. */
class CircuitProcess {
  readonly #child: ChildProcess
  readonly #lines: Interface

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child
    this.#lines = lines
  }

  static async start(work: CircuitWork): Promise<CircuitProcess> {
    const fixture = join(import.meta.dirname, '../.programs/fixtures/circuit-process.js')
    const args = [fixture, JSON.stringify(work)]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })
    await once(lines, 'line')
    return new CircuitProcess(child, lines)
  }

  /** Makes calls in turn. Returns the targets of each. */
  async call(count: number): Promise<CallsMade> {
    const answered = once(this.#lines, 'line')
    this.#child.stdin?.write(`${count}\n`)
    const [line] = (await answered) as [string]
    return JSON.parse(line) as CallsMade
  }
}

interface Fleet {
  readonly primary: SimulatedProvider
  readonly backup: SimulatedProvider
  start(work?: Partial<CircuitWork>): Promise<CircuitProcess>
}

/** A provider, and another one that takes over for it. The name of the first has to be resolved. */
async function fleet(breaker: NonNullable<CircuitWork['options']['breaker']> = {}): Promise<Fleet> {
  const server = await RedisServer.start()
  const simulator = await startSimulator({ providers: { openai: {}, backup: {} } })
  onTestFinished(async () => {
    await simulator.close()
    await server.close()
  })
  const [primary, backup] = [simulator.provider('openai'), simulator.provider('backup')]
  const options: CircuitWork['options'] = {
    baseURL: primary.baseURL.replace('127.0.0.1', 'localhost'),
    providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL } },
    fallback: [BACKUP],
    maxRetries: 0,
    breaker,
  }
  return {
    primary,
    backup,
    start: (work) => CircuitProcess.start({ redisUrl: server.url, options, ...work }),
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const times = (count: number, ...targets: string[]): CallsMade => Array.from({ length: count }, () => targets)

describe.skipIf(!hasRedis)('processes with shared circuits (needs redis-server)', () => {
  it('are not disturbed by one whose DNS is broken', async () => {
    const { primary, start } = await fleet({ openForMs: 500 })
    const [broken, ...others] = await Promise.all([start({ brokenHost: 'localhost' }), start(), start()])
    for (let round = 0; round < 4; round++) {
      const failed = await broken.call(8)
      expect(failed.every((targets) => targets.at(-1) === BACKUP)).toBe(true)
      if (round > 0) expect(failed).toContainEqual([BACKUP])
      for (const other of others) expect(await other.call(5)).toEqual(times(5, PRIMARY))
      await pause(400)
    }
    expect(primary.counts().calls).toBe(40)
  })

  it('know of an outage within a second, also one that has not called the provider yet', async () => {
    const { primary, start } = await fleet()
    const [one, two, late, stranger] = await Promise.all([
      start(),
      start(),
      start(),
      start({ prefix: 'other' }),
    ])
    primary.script(DOWN)
    const made = await Promise.all([one.call(6), two.call(6)])
    for (const targets of made) expect(targets.at(-1)).toEqual([BACKUP])
    await pause(1_000)
    const before = primary.counts().calls
    expect(await late.call(5)).toEqual(times(5, BACKUP))
    expect(primary.counts().calls).toBe(before)
    // Another prefix is another fleet.
    expect((await stranger.call(1))[0]).toEqual([PRIMARY, BACKUP])
  })

  it('send one probe for all, and return together', async () => {
    const { primary, start } = await fleet({ openForMs: 1_500 })
    const processes = await Promise.all([start(), start(), start()])
    primary.script(DOWN)
    await Promise.all(processes.map((each) => each.call(5)))
    await pause(1_000)
    primary.script({ rules: [{ fault: { type: 'delay', ms: 6_000 } }] })
    const before = primary.counts().calls
    const calling = new Map<CircuitProcess, Promise<unknown>>()
    const callAgain = (): void => {
      for (const each of processes) {
        if (!calling.has(each))
          calling.set(
            each,
            each.call(1).finally(() => calling.delete(each)),
          )
      }
    }
    const callsUntilNow = (): number => (callAgain(), primary.counts().calls)
    await expect.poll(callsUntilNow).toBe(before + 1)
    for (let round = 0; round < 10; round++) {
      await pause(150)
      expect(callsUntilNow()).toBe(before + 1)
    }
    await Promise.all(calling.values())
    primary.script({})
    await expect
      .poll(async () => Promise.all(processes.map((each) => each.call(1))))
      .toEqual(times(3, PRIMARY).map((each) => [each]))
  })

  it('avoid a quota group after a 429 that one of them got', async () => {
    const { primary, start } = await fleet()
    const [one, two] = await Promise.all([start(), start()])
    await two.call(1)
    primary.fail({ type: 'status', status: 429, retryAfter: '60' })
    expect(await one.call(1)).toEqual([[PRIMARY, BACKUP]])
    await pause(1_000)
    const before = primary.counts().calls
    expect(await two.call(3)).toEqual(times(3, BACKUP))
    expect(primary.counts().calls).toBe(before)
  })
})
