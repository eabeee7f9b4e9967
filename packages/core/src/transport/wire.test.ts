import { UndiciUnavailableError } from '@harbor/pool'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { OptionError } from '../base/errors.ts'
import { wireOf, type Wire } from './wire.ts'

const make = vi.hoisted(() => ({ warm: vi.fn<() => Promise<void>>() }))
vi.mock('@harbor/pool', async (original) => ({
  ...(await original<object>()),
  createPool: () => ({ fetch: () => Promise.resolve(new Response('by the pool')), warm: make.warm }),
}))
const textBy = async (fetch: Wire['fetch']): Promise<string> =>
  (await fetch('http://a.test/', { headers: new Headers() })).text()

describe('the transport of a client', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it('is the pool, once undici is loaded', async () => {
    make.warm.mockResolvedValue()
    const wire = wireOf({}, () => expect.unreachable())
    expect(await textBy(wire.fetch)).toBe('by the pool')
    expect(wire.explain()).toEqual({ by: 'pool', unseen: [] })
  })

  it("is the runtime's fetch where undici cannot run, with one warning, and explain() says what is unseen", async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('by the runtime')))
    make.warm.mockRejectedValue(new UndiciUnavailableError(new Error('Dynamic require')))
    const warn = vi.fn<(error: Error) => void>()
    const wire = wireOf({}, warn)
    expect(await Promise.all([textBy(wire.fetch), textBy(wire.fetch)])).toEqual([
      'by the runtime',
      'by the runtime',
    ])
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0].message).toContain('--external:undici')
    expect(wire.explain()).toMatchObject({ by: 'runtime-fetch' })
    expect(wire.explain().unseen.length).toBeGreaterThan(0)
  })

  it('stays the pool when undici fails to load for a temporary reason', async () => {
    make.warm.mockRejectedValue(Object.assign(new Error('too many open files'), { code: 'EMFILE' }))
    const wire = wireOf({}, () => expect.unreachable())
    expect(await textBy(wire.fetch)).toBe('by the pool')
  })

  it('is the fetch in the options, and explain() says what is unseen', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response('given'))
    const wire = wireOf({ fetch }, () => expect.unreachable())
    expect(await textBy(wire.fetch)).toBe('given')
    expect(wire.explain().by).toBe('fetch')
    expect(wire.explain().unseen.length).toBeGreaterThan(0)
  })

  it("is the runtime's fetch in Bun, where pool options are refused", () => {
    vi.stubGlobal('process', { ...process, versions: { ...process.versions, bun: '1.4.5' } })
    expect(wireOf({}, () => expect.unreachable()).explain().by).toBe('runtime-fetch')
    expect(() => wireOf({ pool: { connections: 2 } }, () => undefined)).toThrow(OptionError)
  })
})
