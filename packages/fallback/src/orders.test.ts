import { describe, expect, it } from 'vitest'
import { named, seeded } from '../test/harness.ts'
import { HealthBoard } from './health/health-board.ts'
import { byPriority, cheapest, fastest, weighted, type Order } from './index.ts'

const names = (targets: readonly { name: string }[]): string => targets.map(({ name }) => name).join('')

/** How often each target comes first. */
function shares<Target extends { name: string }>(
  order: Order<Target>,
  targets: Target[],
  times = 10_000,
): Record<string, number> {
  const board = new HealthBoard()
  const counts: Record<string, number> = {}
  for (let call = 0; call < times; call++) {
    const first = order(targets, board)[0]?.name ?? ''
    counts[first] = (counts[first] ?? 0) + 1 / times
  }
  return counts
}

describe('byPriority', () => {
  it('keeps the given order', () => {
    const targets = named('a', 'b')
    expect(byPriority(targets)).toBe(targets)
  })
})

describe('weighted', () => {
  it('keeps the shares within 3 % over 10,000 calls', () => {
    const targets = [
      { name: 'a', weight: 6 },
      { name: 'b', weight: 3 },
      { name: 'c', weight: 1 },
      { name: 'd', weight: 0 },
    ]
    for (let seed = 1; seed <= 20; seed++) {
      const counts = shares(weighted(undefined, seeded(seed)), targets)
      expect(Math.abs((counts.a ?? 0) - 0.6)).toBeLessThan(0.03)
      expect(Math.abs((counts.b ?? 0) - 0.3)).toBeLessThan(0.03)
      expect(Math.abs((counts.c ?? 0) - 0.1)).toBeLessThan(0.03)
      expect(counts.d).toBeUndefined()
    }
  })

  it('returns every target once, and draws the later places by weight too', () => {
    const order = weighted<{ name: string }>(({ name }) => (name === 'c' ? 1 : 3), seeded(1))
    const second: Record<string, number> = {}
    for (let call = 0; call < 10_000; call++) {
      const drawn = order(named('a', 'b', 'c'), new HealthBoard())
      expect(
        drawn
          .map(({ name }) => name)
          .sort()
          .join(''),
      ).toBe('abc')
      if (drawn[0]?.name === 'a') second[drawn[1]?.name ?? ''] = (second[drawn[1]?.name ?? ''] ?? 0) + 1
    }
    expect((second.b ?? 0) / (second.c ?? 1)).toBeGreaterThan(2.5)
    expect((second.b ?? 0) / (second.c ?? 1)).toBeLessThan(3.5)
  })

  it('rejects an invalid weight', () => {
    expect(() => weighted(() => NaN)(named('a'), new HealthBoard())).toThrow(
      new TypeError('the weight of a must be a number of at least 0, got NaN'),
    )
  })
})

describe('cheapest', () => {
  it('sorts by the price of this request, with equal prices as given and unknown ones last', () => {
    const order = cheapest<{ name: string; price?: number }>()
    const board = new HealthBoard()
    expect(
      names(
        order(
          [{ name: 'a', price: 3 }, { name: 'b' }, { name: 'c', price: 1 }, { name: 'd', price: 1 }],
          board,
        ),
      ),
    ).toBe('cdab')
    expect(
      names(
        order(
          [
            { name: 'a', price: 3 },
            { name: 'c', price: 9 },
          ],
          board,
        ),
      ),
    ).toBe('ac')
    expect(names(cheapest<{ name: string }>(({ name }) => -name.charCodeAt(0))(named('a', 'b'), board))).toBe(
      'ba',
    )
  })
})

describe('fastest', () => {
  it('follows the measured latencies, with hysteresis', () => {
    const board = new HealthBoard()
    const measure = (name: string, ms: number): void => {
      board.get(name).latencyMs = ms
    }
    const order = fastest({ exploreRatio: 0 })
    const lead = (): string | undefined => order(named('a', 'b', 'c'), board)[0]?.name
    expect(lead()).toBe('a')
    measure('a', 100)
    measure('b', 81)
    expect(lead()).toBe('a')
    measure('b', 79)
    expect(lead()).toBe('b')
    measure('a', 70)
    expect(lead()).toBe('b')
    measure('a', 60)
    expect(lead()).toBe('a')
    expect(names(order(named('a', 'b', 'c'), board))).toBe('abc')
    expect(names(order(named('b', 'c'), board))).toBe('bc')
  })

  it('explores: every other target comes first now and then', () => {
    const counts = shares(fastest({ random: seeded(7) }), named('a', 'b', 'c'))
    expect(counts.a).toBeGreaterThan(0.93)
    expect(counts.b).toBeGreaterThan(0.015)
    expect(counts.c).toBeGreaterThan(0.015)
  })

  it('returns every target once, also when it explores', () => {
    const order = fastest({ exploreRatio: 1, random: seeded(7) })
    for (let call = 0; call < 100; call++) {
      expect(
        order(named('a', 'b', 'c'), new HealthBoard())
          .map(({ name }) => name)
          .sort()
          .join(''),
      ).toBe('abc')
    }
    expect(order([], new HealthBoard())).toEqual([])
    expect(names(order(named('a'), new HealthBoard()))).toBe('a')
  })
})
