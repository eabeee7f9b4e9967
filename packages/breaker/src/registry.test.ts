import { describe, expect, it, vi } from 'vitest'
import { down, fail, TestClock } from '../test/harness.ts'
import { consecutive, createBreakerRegistry, type BreakerOptions, type RegistryLimits } from './index.ts'

function registryWith(limits?: RegistryLimits, options?: BreakerOptions) {
  const clock = new TestClock()
  const registry = createBreakerRegistry({ trip: consecutive(2), clock, ...options }, limits)
  const keys = (): string[] => Array.from(registry.entries(), ([key]) => key)
  return { clock, registry, keys }
}

describe('createBreakerRegistry', () => {
  it('creates one breaker for each key, with shared rules and separate counts', () => {
    const { registry } = registryWith()
    const one = registry.get('one')
    expect(registry.get('one')).toBe(one)
    fail(one)
    fail(registry.get('other'))
    expect([one.state, registry.get('other').state]).toEqual(['closed', 'closed'])
    fail(one)
    expect([one.state, registry.get('other').state]).toEqual(['open', 'closed'])
    expect(registry.size).toBe(2)
    expect([...registry.entries()].map(([key, breaker]) => [key, breaker.state])).toEqual([
      ['one', 'open'],
      ['other', 'closed'],
    ])
  })

  it('calls the options function once for each key, when it is first used', () => {
    const options = vi.fn((key: string) => ({ trip: consecutive(key === 'frail' ? 1 : 5) }))
    const registry = createBreakerRegistry(options)
    for (const key of ['frail', 'stout']) fail(registry.get(key))
    expect(registry.get('frail').state).toBe('open')
    expect(registry.get('stout').state).toBe('closed')
    expect(options.mock.calls).toEqual([['frail'], ['stout']])
  })

  it('keeps at most maxKeys breakers, and drops the least recently used closed one', () => {
    const { registry, keys } = registryWith({ maxKeys: 3 })
    for (const key of ['open', 'old', 'older']) registry.get(key)
    fail(registry.get('open'), 2)
    registry.get('older')
    registry.get('old')
    registry.get('new')
    expect(keys()).toEqual(['open', 'old', 'new'])
    for (const key of ['old', 'new']) fail(registry.get(key), 2)
    registry.get('newest')
    expect(keys()).toEqual(['old', 'new', 'newest'])
  })

  it('drops what was not used for idleMs, unless it is open or isolated', () => {
    const { registry, keys, clock } = registryWith({ idleMs: 10_000 })
    registry.get('idle')
    fail(registry.get('open'), 2)
    registry.get('isolated').isolate()
    clock.pass(9_999)
    registry.get('busy')
    expect(registry.size).toBe(4)
    clock.pass(1)
    registry.get('busy')
    expect(keys()).toEqual(['open', 'isolated', 'busy'])
  })

  it('stays bounded over ten thousand keys', () => {
    const { registry } = registryWith({ maxKeys: 10 })
    for (let key = 0; key < 10_000; key++) registry.get(String(key)).acquire().fail(down)
    expect(registry.size).toBe(10)
  })

  it('rejects wrong options and keys', () => {
    expect(() => createBreakerRegistry({ probes: 0 })).toThrow(
      'probes must be a whole number of at least 1, got 0',
    )
    expect(() => registryWith({ maxKeys: 0 })).toThrow('maxKeys must be a whole number of at least 1, got 0')
    expect(() => registryWith({ idle: 5 } as RegistryLimits)).toThrow(
      'unknown option idle; did you mean idleMs?',
    )
    expect(() => registryWith().registry.get(5 as never)).toThrow('key must be a string, got 5')
  })
})
