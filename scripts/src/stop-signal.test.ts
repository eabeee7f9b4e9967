import { expect, it } from 'vitest'
import { stopSignal } from './stop-signal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const listeners = (): number[] => SIGNALS.map((name) => process.listenerCount(name))

it.each(SIGNALS)('aborts on %s, and says why', (name) => {
  const exitCode = process.exitCode
  using stop = stopSignal()
  process.emit(name)
  expect(stop.signal.reason).toEqual(new Error(`stopped by ${name}`))
  expect(process.exitCode).toBe(130)
  process.exitCode = exitCode
})

it('leaves no listener behind', () => {
  const before = listeners()
  {
    using stop = stopSignal()
    expect(stop.signal.aborted).toBe(false)
    expect(listeners()).toEqual(before.map((count) => count + 1))
  }
  expect(listeners()).toEqual(before)
})
