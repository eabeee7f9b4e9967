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
  const sitOut = (
    number: number,
    error: Error,
    { before = outage.answers, round = 0 } = {},
  ): Promise<boolean> =>
    outage.sitOut(error, before, round, context).then((again) => {
      if (again) released.push(number)
      return again
    })
  return { outage, sitOut, released, changes, stop }
}

describe('an outage', () => {
  it.each(['network', 'timeout', 'rate-limit', 'overloaded', 'server'])(
    'holds back what fails by it (%s), and lets one at a time try',
    async (kind) => {
      const { sitOut, released, changes } = harness()
      for (const number of [1, 2, 3]) void sitOut(number, failed(kind))
      await vi.advanceTimersByTimeAsync(2_000)
      expect(released).toEqual([])
      await vi.advanceTimersByTimeAsync(3_001)
      expect(released).toEqual([1])
      await vi.advanceTimersByTimeAsync(10_001)
      expect(released).toEqual([1, 2])
      expect(changes).toEqual([kind])
    },
  )

  it('is over with the first answer: all go on at once', async () => {
    const { outage, sitOut, released, changes } = harness()
    for (const number of [1, 2, 3]) void sitOut(number, failed('network'))
    await vi.advanceTimersByTimeAsync(5_001)
    outage.noteAnswer()
    await vi.advanceTimersByTimeAsync(0)
    expect(released).toEqual([1, 2, 3])
    expect(changes).toEqual(['network', undefined])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is over, too, when the provider refuses a request for its own fault', async () => {
    const { sitOut, released } = harness()
    void sitOut(1, failed('network'))
    expect(await sitOut(2, failed('bad-request', 400))).toBe(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(released).toEqual([1])
  })

  it('is none while others are answered, and none of a request that is refused', async () => {
    const { outage, sitOut, changes } = harness()
    const { answers } = outage
    outage.noteAnswer()
    expect(await sitOut(1, failed('server', 500), { before: answers })).toBe(false)
    for (const kind of ['bad-request', 'auth', 'quota', 'context-length', 'not-found', 'malformed'])
      expect(await sitOut(1, failed(kind))).toBe(false)
    expect(changes).toEqual([])
  })

  it('is not waited for longer than patience lasts, nor by a request that gets an error for an answer again and again', async () => {
    const { sitOut, released } = harness(60_000)
    expect(await sitOut(1, failed('server', 500), { round: 10 })).toBe(false)
    void sitOut(2, failed('network'), { round: 100 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(released).toEqual([2])
    expect(await sitOut(2, failed('network'))).toBe(false)
    expect(await harness(0).sitOut(1, failed('network'))).toBe(false)
  })

  it('ends with the run', async () => {
    const { sitOut, stop } = harness()
    const waiting = [1, 2].map((number) => sitOut(number, failed('network')))
    const reason = new Error('stopped')
    stop.abort(reason)
    for (const each of waiting) await expect(each).rejects.toBe(reason)
    await expect(sitOut(3, failed('network'))).rejects.toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })
})
