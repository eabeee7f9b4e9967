import { describe, expect, it } from 'vitest'
import { OriginLedgers } from './origin-ledgers.ts'

describe('OriginLedgers', () => {
  it('limits the number of origins, and drops the oldest without connections first', () => {
    const ledgers = new OriginLedgers(() => 4, 3)
    const gauges = { open: 1, busy: 0, free: 1, connecting: 0, queued: 0, allowed: 4 }
    ledgers.open('http://live').readGauges = () => gauges
    for (let host = 0; host < 50; host++) ledgers.open(`http://host-${host}`).requests++
    expect(Object.keys(ledgers.stats())).toEqual(['http://live', 'http://host-48', 'http://host-49'])
    expect(ledgers.open('http://host-49').requests).toBe(1)
    expect(ledgers.find('http://host-1')).toBeUndefined()
  })

  it('keeps every origin that has connections', () => {
    const ledgers = new OriginLedgers(() => 4, 2)
    const gauges = { open: 1, busy: 0, free: 1, connecting: 0, queued: 0, allowed: 4 }
    for (let host = 0; host < 5; host++) ledgers.open(`http://host-${host}`).readGauges = () => gauges
    expect(Object.keys(ledgers.stats())).toHaveLength(5)
  })
})
