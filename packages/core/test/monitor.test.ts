import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { OptionError } from '../src/index.ts'
import {
  createResourceMonitor,
  type AdviceCode,
  type MonitoredClient,
  type ResourceMonitor,
  type ResourceMonitorOptions,
} from '../src/monitor/index.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const QUICKLY: ResourceMonitorOptions = { intervalMs: 20, windowMs: 10_000 }

function monitorOf(client: MonitoredClient, options = QUICKLY): ResourceMonitor {
  const monitor = createResourceMonitor(client, options)
  onTestFinished(() => monitor.close())
  return monitor
}

const codesOf = (monitor: ResourceMonitor): AdviceCode[] => monitor.read().advice.map(({ code }) => code)

describe('the resource monitor', () => {
  it('advises more connections to a client whose requests wait for one', async () => {
    const provider = await simulate({ providers: { openai: { latency: 30 } } })
    const harbor = harborFor(provider, { pool: { connections: 2 } })
    const monitor = monitorOf(harbor)
    let done = false
    const user = async (): Promise<void> => {
      while (!done) await harbor.chat.completions.create(HELLO)
    }
    const users = Array.from({ length: 8 }, user)
    await expect.poll(() => codesOf(monitor)).toContain('queue-waits')
    const reading = monitor.read()
    done = true
    await Promise.all(users)
    const advice = reading.advice.find(({ code }) => code === 'queue-waits')
    expect(advice).toMatchObject({
      subject: new URL(provider.baseURL).origin,
      facts: { allowed: 2, connections: 8 },
    })
    expect(reading.sockets).toMatchObject({ open: 2, allowed: 2 })
    expect(reading.memory.heapUsedBytes).toBeGreaterThan(0)
    expect(reading.memory.heapLimitBytes).toBeGreaterThan(reading.memory.heapUsedBytes)
    expect(reading.memory.heapPeakBytes).toBeGreaterThanOrEqual(reading.memory.heapUsedBytes)
    expect(reading.eventLoop.delayMs?.count).toBeGreaterThan(0)
  })

  it('reports that it cannot see the sockets of a client with its own fetch', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { fetch: globalThis.fetch })
    const monitor = monitorOf(harbor)
    expect(codesOf(monitor)).toEqual([])
    await harbor.chat.completions.create(HELLO)
    await expect.poll(() => codesOf(monitor)).toContain('sockets-unseen')
    expect(monitor.read().sockets).toBeUndefined()
  })

  it('reports that its client is closed, also for copies and createHarborFetch', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    const fetch = harborFetchFor()
    const monitors = [harbor, harbor.withOptions({ timeout: 1_000 }), fetch].map((client) =>
      monitorOf(client),
    )
    await Promise.all([harbor.close(), fetch.close()])
    for (const monitor of monitors) await expect.poll(() => codesOf(monitor)).toContain('client-closed')
  })

  it('is closed by `using`', () => {
    const harbor = harborFor({ baseURL: 'http://127.0.0.1:9/v1' })
    let kept: ResourceMonitor
    {
      using monitor = createResourceMonitor(harbor)
      kept = monitor
    }
    const { at } = kept.read()
    expect(kept.read().at).toBe(at)
  })

  it('keeps no process alive', async () => {
    const child = fork(join(import.meta.dirname, 'fixtures', 'monitored.ts'), {
      execArgv: ['--conditions=@harbor/source'],
    })
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
  })

  it.each<[object, string]>([
    [{ interval: 5 }, 'Unknown option interval. Did you mean intervalMs?'],
    [{ intervalMs: 1 }, 'intervalMs must be a number of milliseconds from 20'],
    [{ intervalMs: NaN }, 'intervalMs must be'],
    [{ windowMs: 5_000 }, 'windowMs must be 10 to 1000 times intervalMs, which is 1000, got 5000.'],
    [{ windowMs: 2_000_000 }, 'windowMs must be 10 to 1000 times intervalMs'],
    [{ windowMs: Infinity }, 'windowMs must be'],
    [{ onAdvice: 'log' }, 'onAdvice must be a function, got a string.'],
    [{ clock: {} }, 'clock must be an object with now()'],
  ])('refuses %j by name', (options, message) => {
    const harbor = harborFor({ baseURL: 'http://127.0.0.1:9/v1' })
    expect(() => createResourceMonitor(harbor, options)).toThrow(OptionError)
    expect(() => createResourceMonitor(harbor, options)).toThrow(message)
  })

  it('judges sixty samples, however often it takes one', () => {
    const harbor = harborFor({ baseURL: 'http://127.0.0.1:9/v1' })
    for (const intervalMs of [20, 1_000, 60_000]) {
      using monitor = createResourceMonitor(harbor, { intervalMs })
      expect(monitor.read().advice).toEqual([])
    }
  })

  it('refuses what is not a client', () => {
    for (const client of [undefined, null, {}, 'harbor'])
      expect(() => createResourceMonitor(client as MonitoredClient)).toThrow('must be a Harbor')
  })
})
