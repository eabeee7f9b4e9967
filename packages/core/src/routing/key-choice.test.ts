import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyListOf } from '../targets/credential.ts'
import { KeyState } from '../targets/key-state.ts'
import { chooseKey, type KeyFacts } from './key-choice.ts'
import type { Keys } from './key-rings.ts'

function keysOf(count: number): Keys {
  const list = keyListOf(Array.from({ length: count }, (_, index) => `key ${index}`))
  if (!list) throw new Error('A list has at least two keys.')
  return list.keys.map((_, index) => new KeyState(list, index, 'account')) as unknown as Keys
}

const FREE: KeyFacts = {
  untilOf: () => 0,
  waitMs: () => 0,
  leftOf: () => 1,
  conversation: undefined,
  prefersFirst: false,
}

describe('the chosen key', () => {
  const times = fc.array(fc.nat(3), { minLength: 2, maxLength: 6 })

  it('is in cooldown only if all are, and then it is the one that is free first', () => {
    fc.assert(
      fc.property(
        times,
        fc.option(fc.string(), { nil: undefined }),
        fc.boolean(),
        (until, conversation, first) => {
          const untilOf = ({ index }: KeyState): number => until[index] ?? 0
          const facts = { ...FREE, untilOf, conversation, prefersFirst: first }
          expect(untilOf(chooseKey(keysOf(until.length), facts))).toBe(Math.min(...until.map((at) => at)))
        },
      ),
    )
  })

  it('is the same for all requests of a conversation while it is free, whatever else is', () => {
    fc.assert(
      fc.property(times, fc.string(), (until, conversation) => {
        const keys = keysOf(until.length)
        const own = chooseKey(keys, { ...FREE, conversation })
        const untilOf = ({ index }: KeyState): number => (index === own.index ? 0 : (until[index] ?? 0))
        expect(chooseKey(keys, { ...FREE, conversation, untilOf })).toBe(own)
      }),
    )
  })

  it('changes for few conversations when a key is added, and only to the new key', () => {
    const [four, five] = [keysOf(4), keysOf(5)]
    const conversations = Array.from({ length: 2_000 }, (_, number) => `conversation ${number}`)
    const indexes = (keys: Keys): number[] =>
      conversations.map((conversation) => chooseKey(keys, { ...FREE, conversation }).index)
    const [before, after] = [indexes(four), indexes(five)]
    const moved = after.filter((index, place) => index !== before[place])
    expect(new Set(moved)).toEqual(new Set([4]))
    expect(moved.length / conversations.length).toBeGreaterThan(0.1)
    expect(moved.length / conversations.length).toBeLessThan(0.3)
    for (const index of [0, 1, 2, 3]) {
      const share = before.filter((each) => each === index).length / conversations.length
      expect(share).toBeGreaterThan(0.15)
      expect(share).toBeLessThan(0.35)
    }
  })

  it('is the one with most left of its limits, without a conversation', () => {
    const left = [0.2, 0.9, 0.5]
    const leftOf = ({ index }: KeyState): number => left[index] ?? 0
    expect(chooseKey(keysOf(3), { ...FREE, leftOf }).index).toBe(1)
  })

  it('has room, if one has, and otherwise the shortest wait; a conversation waits up to a second for its own', () => {
    const keys = keysOf(3)
    const own = chooseKey(keys, { ...FREE, conversation: 'c' })
    const wait =
      (ms: number): KeyFacts['waitMs'] =>
      ({ index }) =>
        index === own.index ? ms : 0
    expect(chooseKey(keys, { ...FREE, waitMs: wait(1) })).not.toBe(own)
    expect(chooseKey(keys, { ...FREE, conversation: 'c', waitMs: wait(900) })).toBe(own)
    expect(chooseKey(keys, { ...FREE, conversation: 'c', waitMs: wait(1_100) })).not.toBe(own)
    expect(chooseKey(keys, { ...FREE, waitMs: ({ index }) => 30 - index }).index).toBe(2)
  })

  it('is the first one for an answer that is stored, while it is free', () => {
    const facts = { ...FREE, prefersFirst: true, conversation: 'c', waitMs: () => 5_000 }
    expect(chooseKey(keysOf(3), facts).index).toBe(0)
    expect(chooseKey(keysOf(3), { ...facts, untilOf: ({ index }) => (index === 0 ? 9 : 0) }).index).not.toBe(
      0,
    )
  })
})
