import type { BulkContext } from '@harbor/batch'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attachReceipt, type Receipt } from '../reporting/receipt.ts'
import { Outage } from './outage.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function failed(kind: string, status?: number): Error {
  const error = new Error(kind)
  attachReceipt(error, { attempts: [{ status, failure: { kind } }] } as unknown as Receipt)
  return error
}

function harness(patienceMs = 86_400_000) {
  const changes: unknown[] = []
  const stop = new AbortController()
  const context = { stopSignal: stop.signal, waits: () => () => undefined } as unknown as BulkContext
  const outage = new Outage(patienceMs, (kind) => changes.push(kind))
  const released: number[] = []
  const waitOut = (
    number: number,
    error: Error,
    { before = outage.answers, round = 0 } = {},
  ): Promise<boolean> =>
    outage.waitOut(error, before, round, context).then((again) => {
      if (again) released.push(number)
      return again
    })
  return { outage, waitOut, released, changes, stop }
}

describe('an outage', () => {
  it.each(['network', 'timeout', 'rate-limit', 'overloaded', 'server'])(
    'holds back requests that fail because of it (%s), and lets one at a time try',
    async (kind) => {
      const { waitOut, released, changes } = harness()
      for (const number of [1, 2, 3]) void waitOut(number, failed(kind))
      await vi.advanceTimersByTimeAsync(2_000)
      expect(released).toEqual([])
      await vi.advanceTimersByTimeAsync(3_001)
      expect(released).toEqual([1])
      await vi.advanceTimersByTimeAsync(10_001)
      expect(released).toEqual([1, 2])
      expect(changes).toEqual([kind])
    },
  )

  it('is over with the first answer: all requests continue at once', async () => {
    const { outage, waitOut, released, changes } = harness()
    for (const number of [1, 2, 3]) void waitOut(number, failed('network'))
    await vi.advanceTimersByTimeAsync(5_001)
    outage.noteAnswer()
    await vi.advanceTimersByTimeAsync(0)
    expect(released).toEqual([1, 2, 3])
    expect(changes).toEqual(['network', undefined])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is over, too, when the provider rejects a request for its own fault', async () => {
    const { waitOut, released } = harness()
    void waitOut(1, failed('network'))
    expect(await waitOut(2, failed('bad-request', 400))).toBe(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(released).toEqual([1])
  })

  it('is not assumed while other requests are answered, nor for a request that is rejected', async () => {
    const { outage, waitOut, changes } = harness()
    const { answers } = outage
    outage.noteAnswer()
    expect(await waitOut(1, failed('server', 500), { before: answers })).toBe(false)
    for (const kind of ['bad-request', 'auth', 'quota', 'context-length', 'not-found', 'malformed'])
      expect(await waitOut(1, failed(kind))).toBe(false)
    expect(changes).toEqual([])
  })

  it('is not awaited longer than patienceMs, nor by a request that is answered with an error again and again', async () => {
    const { waitOut, released } = harness(60_000)
    expect(await waitOut(1, failed('server', 500), { round: 10 })).toBe(false)
    void waitOut(2, failed('network'), { round: 100 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(released).toEqual([2])
    expect(await waitOut(2, failed('network'))).toBe(false)
    expect(await harness(0).waitOut(1, failed('network'))).toBe(false)
  })

  it('ends with the run', async () => {
    const { waitOut, stop } = harness()
    const waiting = [1, 2].map((number) => waitOut(number, failed('network')))
    const reason = new Error('stopped')
    stop.abort(reason)
    for (const each of waiting) await expect(each).rejects.toBe(reason)
    await expect(waitOut(3, failed('network'))).rejects.toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })
})
