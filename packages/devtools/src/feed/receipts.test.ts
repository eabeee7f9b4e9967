import { describe, expect, it } from 'vitest'
import { receipt } from '../../test/receipts.ts'
import { MAX_RECEIPTS, Receipts } from './receipts.ts'

const idsOf = (rows: readonly { receipt: { id: string } }[]): string[] => rows.map((row) => row.receipt.id)

describe('Receipts', () => {
  it('holds the last 1,000 calls that ended, and returns what is new in pages', () => {
    const receipts = new Receipts()
    for (let index = 0; index < 1_500; index++) receipts.end(0, receipt({ id: `call_${index}` }))
    const ids: string[] = []
    let version = 0
    for (let page = 0; page < 5; page++) {
      const changed = receipts.changedSince(version, 200)
      expect(changed.rows).toHaveLength(200)
      version = changed.version
      ids.push(...idsOf(changed.rows))
    }
    expect(ids).toEqual(Array.from({ length: MAX_RECEIPTS }, (_, index) => `call_${index + 500}`))
    expect(receipts.changedSince(version, 200)).toEqual({ rows: [], version: receipts.version })
  })

  it('counts a call once that two copies of a client report', () => {
    const receipts = new Receipts()
    const call = receipt()
    receipts.start(0, call)
    receipts.start(1, call)
    expect(receipts.inFlightCount).toBe(1)
    expect([receipts.end(0, call), receipts.end(1, call)]).toEqual([true, false])
    expect(receipts.inFlightCount).toBe(0)
    expect(receipts.changedSince(0, 10).rows).toHaveLength(1)
  })

  it('returns a call again when its cost becomes known', () => {
    const receipts = new Receipts()
    const call: { -readonly [Field in keyof ReturnType<typeof receipt>]: ReturnType<typeof receipt>[Field] } =
      receipt({
        usage: { inputTokens: 1, outputTokens: 1 },
      })
    receipts.end(0, call)
    const { version } = receipts.changedSince(0, 10)
    expect(receipts.changedSince(version, 10).rows).toEqual([])
    call.cost = { usd: 1 }
    expect(idsOf(receipts.changedSince(version, 10).rows)).toEqual(['call_1'])
    expect(receipts.changedSince(receipts.version, 10).rows).toEqual([])
  })

  it('shows the oldest 50 calls in flight, and holds at most 10,000', () => {
    const receipts = new Receipts()
    for (let index = 0; index < 20_000; index++)
      receipts.start(0, receipt({ id: `call_${index}`, outcome: 'pending' }))
    expect(receipts.inFlightCount).toBe(10_000)
    expect(idsOf(receipts.inFlight())).toEqual(Array.from({ length: 50 }, (_, index) => `call_${index}`))
  })
})
