import { describe, expect, it } from 'vitest'
import { OpenReceipt } from './open-receipt.ts'

function open(): OpenReceipt {
  return new OpenReceipt({
    id: 'call_1',
    operation: 'chat',
    target: 'openai/m',
    model: 'm',
    streaming: false,
    isPrefetch: false,
    startedAt: 1_000,
  })
}

describe('OpenReceipt', () => {
  it('is pending until it is closed, and has the duration of the call then', () => {
    const receipt = open()
    expect(receipt).toMatchObject({ outcome: 'pending', endedAt: undefined, durationMs: undefined })
    expect(receipt.close('success', 1_250)).toBe(true)
    expect(receipt).toMatchObject({ outcome: 'success', endedAt: 1_250, durationMs: 250 })
  })

  it('is closed once: a second close changes nothing', () => {
    const receipt = open()
    receipt.close('success', 1_250)
    expect(receipt.close('failure', 9_000)).toBe(false)
    expect(receipt).toMatchObject({ outcome: 'success', durationMs: 250 })
  })

  it('numbers its attempts from 1 and records the wait before each', () => {
    const receipt = open()
    receipt.attempt(1_000, 'openai/m', [])
    receipt.waited(20, 'retry-after')
    receipt.attempt(1_020, 'openai/m', [])
    receipt.waited(5, 'backoff')
    receipt.attempt(1_025, 'openai/m', [])
    expect(receipt.attempts).toMatchObject([
      { number: 1, target: 'openai/m', startedAt: 1_000, waitedMs: 0, waitedFor: 'nothing' },
      { number: 2, startedAt: 1_020, waitedMs: 20, waitedFor: 'retry-after' },
      { number: 3, startedAt: 1_025, waitedMs: 5, waitedFor: 'backoff' },
    ])
    expect(receipt.waitMs).toBe(25)
  })

  it('is data: it survives JSON', () => {
    const receipt = open()
    receipt.attempt(1_000, 'openai/m', [])
    receipt.close('success', 1_001)
    expect(JSON.parse(JSON.stringify(receipt))).toMatchObject({ id: 'call_1', attempts: [{ number: 1 }] })
  })
})
