import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, RedisServer } from './redis-server.ts'

/** 12,000 requests and 1.8 million tokens a minute for 2,000 calls a process would take 40 seconds. Ten times the rate takes four. */
const PER_MINUTE = { requests: 120_000, tokens: 18_000_000 }
const PER_MS = PER_MINUTE.requests / 60_000
/** The burst of a second, half of a burst in leases, and what a killed process had started of its lease. */
const MARGIN = 1_000 * PER_MS * 1.75

interface Process {
  readonly child: ChildProcess
  /** When each of its requests has started, in milliseconds since 1970. */
  readonly starts: number[]
  readonly ended: Promise<void>
}

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

describe.skipIf(!hasRedis)('four processes with one limit (needs redis-server)', () => {
  it('use all of the limit and no more, and share what a killed one leaves', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.close())
    const processes = await Promise.all(Array.from({ length: 4 }, () => start(server.url, 2_000, 100)))
    for (const { child } of processes) child.stdin?.write('go\n')
    const [killed, ...others] = processes
    await expect.poll(() => killed?.starts.length, { interval: 20 }).toBeGreaterThan(800)
    killed?.child.kill('SIGKILL')
    await Promise.all(others.map(({ ended }) => ended))
    for (const { starts } of others) expect(starts).toHaveLength(2_000)
    const all = processes.flatMap(({ starts }) => starts).sort((a, b) => a - b)
    expect(excess(all)).toBeLessThanOrEqual(MARGIN)
    const tookMs = (all.at(-1) ?? 0) - (all[0] ?? 0)
    // Generous, for a busy machine: with nothing of the share of the killed process, and with a limit for each, it would be beyond both.
    expect(tookMs).toBeGreaterThan((0.6 * all.length) / PER_MS)
    expect(tookMs).toBeLessThan((2.5 * all.length) / PER_MS)
  })

  it('share what a stopped one holds, which has none of it when it goes on', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.close())
    const processes = await Promise.all(Array.from({ length: 2 }, () => start(server.url, 1_500, 100)))
    for (const { child } of processes) child.stdin?.write('go\n')
    const [stopped, other] = processes
    await expect.poll(() => stopped?.starts.length, { interval: 20 }).toBeGreaterThan(300)
    stopped?.child.kill('SIGSTOP')
    await other?.ended
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    stopped?.child.kill('SIGCONT')
    await stopped?.ended
    expect(processes.map(({ starts }) => starts.length)).toEqual([1_500, 1_500])
    const all = processes.flatMap(({ starts }) => starts).sort((a, b) => a - b)
    expect(excess(all)).toBeLessThanOrEqual(MARGIN)
  })

  it('need less than one round trip for five calls', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.close())
    const processes = await Promise.all(Array.from({ length: 2 }, () => start(server.url, 1_000, 100)))
    for (const { child } of processes) child.stdin?.write('go\n')
    await Promise.all(processes.map(({ ended }) => ended))
    expect(processes.map(({ starts }) => starts.length)).toEqual([1_000, 1_000])
    expect(await scriptCalls(server)).toBeLessThan(400)
  })

  it('continue with their shares when Redis is killed, and share again when an empty one is back', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.close())
    const processes = await Promise.all(Array.from({ length: 3 }, () => start(server.url, 3_000, 100)))
    for (const { child } of processes) child.stdin?.write('go\n')
    await expect.poll(() => processes[0]?.starts.length, { interval: 20 }).toBeGreaterThan(300)
    await server.kill()
    await expect.poll(() => processes[0]?.starts.length, { interval: 20 }).toBeGreaterThan(700)
    await server.restart()
    // More than one command of each process.
    await expect.poll(() => scriptCalls(server)).toBeGreaterThan(2 * 3)
    await Promise.all(processes.map(({ ended }) => ended))
    const all = processes.flatMap(({ starts }) => starts).sort((a, b) => a - b)
    expect(all).toHaveLength(9_000)
    expect(excess(all)).toBeLessThanOrEqual(MARGIN)
  })
})

/** The greatest number by which the starts of any span of time exceed the limit of that time. */
function excess(starts: readonly number[]): number {
  let lowest = Infinity
  let worst = 0
  for (const [index, atMs] of starts.entries()) {
    const ahead = index - PER_MS * (atMs - (starts[0] ?? 0))
    lowest = Math.min(lowest, ahead)
    worst = Math.max(worst, ahead - lowest + 1)
  }
  return worst
}

async function start(url: string, count: number, tokens: number): Promise<Process> {
  const fixture = join(import.meta.dirname, '../.programs/fixtures/limited-process.js')
  const args = [url, count, PER_MINUTE.requests, PER_MINUTE.tokens, tokens].map(String)
  const child = spawn(process.execPath, [fixture, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  running.push(child)
  const starts: number[] = []
  const lines = createInterface({ input: child.stdout })
  const ended = new Promise<void>((resolve) => lines.once('close', () => resolve()))
  await new Promise<void>((resolve) => lines.once('line', () => resolve()))
  lines.on('line', (line) => starts.push(...(JSON.parse(line) as number[])))
  return { child, starts, ended }
}

async function scriptCalls(server: RedisServer): Promise<number> {
  const { createClient } = await import('redis')
  const client = await createClient({ url: server.url }).connect()
  const info = await client.info('commandstats')
  client.destroy()
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0)
}
