import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest'
import type { Receipt } from '../reporting/receipt.ts'
import { Telemetry } from './telemetry.ts'

const receipt = { id: 'call_1' } as Receipt
const CALL = { receipt }
let emitWarning: Mock

beforeEach(() => {
  emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('Telemetry', () => {
  it('calls every listener of an event, and no other', () => {
    const telemetry = new Telemetry()
    const [first, second, other] = [vi.fn(), vi.fn(), vi.fn()]
    telemetry.on('call', first)
    telemetry.on('call', second)
    telemetry.on('end', other)
    telemetry.emit('call', CALL)
    expect(first.mock.calls).toEqual([[CALL]])
    expect(second.mock.calls).toEqual([[CALL]])
    expect(other).not.toHaveBeenCalled()
  })

  it('removes a listener once for each time it was added', () => {
    const telemetry = new Telemetry()
    const listener = vi.fn()
    const off = telemetry.on('call', listener)
    telemetry.on('call', listener)
    off()
    off()
    telemetry.emit('call', CALL)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('lets a listener remove itself while it is called', () => {
    const telemetry = new Telemetry()
    const after = vi.fn()
    const off = telemetry.on('call', () => off())
    telemetry.on('call', after)
    telemetry.emit('call', CALL)
    telemetry.emit('call', CALL)
    expect(after).toHaveBeenCalledTimes(2)
  })

  it('calls the other listeners when one throws, and warns once', () => {
    const telemetry = new Telemetry()
    const after = vi.fn()
    telemetry.on('call', () => {
      throw new Error('mine')
    })
    telemetry.on('call', after)
    telemetry.emit('call', CALL)
    telemetry.emit('call', CALL)
    expect(after).toHaveBeenCalledTimes(2)
    expect(emitWarning.mock.calls).toEqual([
      [
        expect.stringContaining("A listener of 'call' threw"),
        { type: 'HarborWarning', detail: expect.stringContaining('Error: mine') as string },
      ],
    ])
  })

  it('warns once of each kind of code that throws', () => {
    const telemetry = new Telemetry()
    for (let call = 0; call < 3; call++) {
      telemetry.warn('One threw', new Error('a'))
      telemetry.warn('Another threw', new Error('b'))
    }
    expect(emitWarning.mock.calls.map(([text]) => String(text).split(';')[0])).toEqual([
      'One threw',
      'Another threw',
    ])
  })

  it('warns of a listener that rejects later', async () => {
    const telemetry = new Telemetry()
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as users do
    telemetry.on('call', async () => Promise.reject(new Error('later')))
    telemetry.emit('call', CALL)
    await expect.poll(() => emitWarning).toHaveBeenCalledTimes(1)
    expect(emitWarning.mock.calls[0]?.[1]).toMatchObject({
      detail: expect.stringContaining('later') as string,
    })
  })

  it('warns of thrown values that are no errors', () => {
    const telemetry = new Telemetry()
    telemetry.shield('A test threw', () => {
      throw 'a text'
    })
    expect(emitWarning.mock.calls[0]?.[1]).toMatchObject({ detail: 'a text' })
  })

  it('refuses an unknown event, also the name of a property that every object has', () => {
    const telemetry = new Telemetry()
    for (const name of ['retries', 'toString', '__proto__']) {
      expect(() => telemetry.on(name as 'call', () => undefined)).toThrow(
        `on() knows the events call, attempt, retry, fallback, breaker, fleet, alert, bulk, content, end; got ${name}.`,
      )
    }
  })
})
