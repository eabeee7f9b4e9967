import { describe, expect, it } from 'vitest'
import { checkPerCall } from './check-options.ts'
import type { PerCallOptions } from './per-call-options.ts'

describe('checkPerCall', () => {
  it('accepts existing options', () => {
    expect(() => checkPerCall({ timeouts: { idleMs: 1 }, onReceipt: () => undefined })).not.toThrow()
    expect(() => checkPerCall({})).not.toThrow()
  })

  it.each<[object, string]>([
    [{ timeout: 1 }, 'timeout'],
    [{ timeouts: null }, 'timeouts'],
    [{ timeouts: false }, 'timeouts'],
    [{ timeouts: { idleMs: 0 } }, 'timeouts.idleMs'],
    [{ timeouts: { idelMs: 1 } }, 'timeouts.idelMs'],
    [{ onReceipt: 'log' }, 'onReceipt'],
  ])('refuses %j by name', (options, option) => {
    expect(() => checkPerCall(options as PerCallOptions)).toThrow(expect.objectContaining({ option }))
  })
})
