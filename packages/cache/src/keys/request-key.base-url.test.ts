import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizeBaseURL } from './request-key.ts'

describe('normalizeBaseURL', () => {
  it('equals what URL makes of an address, without the parts that make no difference', () => {
    const scheme = fc.constantFrom('https://', 'http://', 'HTTP://')
    const label = fc.stringMatching(/^(?:[a-z0-9-]{1,4}|xn--[a-z]{1,3}|[A-Z]{2}|0x7f)$/)
    const number = fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.constantFrom('007', ''))
    const host = fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')),
      fc.array(number, { minLength: 3, maxLength: 5 }).map((numbers) => numbers.join('.')),
    )
    const port = fc.constantFrom('', ':80', ':443', ':8080', ':080', ':70000')
    const segment = fc.constantFrom('v1', 'V1', '.', '..', '...', '%2e', 'a b', 'chat', '~x', '', 'é', 'a.b')
    const path = fc
      .array(segment, { maxLength: 3 })
      .map((segments) => segments.map((one) => `/${one}`).join(''))
    fc.assert(
      fc.property(scheme, host, port, path, (...parts) => {
        const address = parts.join('')
        const url = URL.parse(address)
        if (!url) expect(() => normalizeBaseURL(address)).toThrow(TypeError)
        else expect(normalizeBaseURL(address)).toBe(url.origin + url.pathname.replace(/\/+$/, ''))
      }),
      { numRuns: 2_000 },
    )
  })
})
