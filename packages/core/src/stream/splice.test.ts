import { describe, expect, it } from 'vitest'
import { anchorOf, isData, Splice } from './splice.ts'

const SENT = 'A harbour is a sheltered place on the coast. Ships load and unload th'

/** What a splice decides about a continuation that arrives in pieces of three characters. */
function decide(sent: string, continuation: string): number | 'no' | undefined {
  const splice = new Splice(sent)
  for (let at = 0; at < continuation.length; at += 3) {
    const decided = splice.add(continuation.slice(at, at + 3), at + 3 >= continuation.length)
    if (decided !== undefined) return decided
  }
  return undefined
}

describe('Splice', () => {
  it.each<[string, string, number | 'no']>([
    ['the whole text again', `${SENT}ere.`, SENT.length],
    ['its last words', 'Ships load and unload there.', 24],
    ['the middle of a word', 'ips load and unload there.', 22],
    ['too few words', 'load and unload there.', 'no'],
    ['the rest alone', 'ere, and wait for better weather.', 'no'],
    ['other words', 'Vessels load and unload there.', 'no'],
    ['a code fence', '```\nShips load and unload there.', 'no'],
    ['words that end before the text does', 'Ships load and unload', 'no'],
    ['an earlier place of the text', 'is a sheltered place on the river.', 'no'],
  ])('finds the place where a continuation goes on that begins with %s', (_, continuation, expected) => {
    expect(decide(SENT, continuation)).toBe(expected)
  })

  it('finds none in a text that repeats itself', () => {
    expect(decide('ha '.repeat(30), `${'ha '.repeat(20)}end`)).toBe('no')
    expect(decide('ha '.repeat(200), `${'ha '.repeat(20)}end`)).toBe('no')
  })
})

describe('anchorOf', () => {
  it('returns an end that occurs once, and begins after no blank', () => {
    const long = `${SENT}ere. `.repeat(3)
    expect(anchorOf(long)).toBeUndefined()
    const anchor = anchorOf(`${SENT}ere, and wait for better weather, and are repaired`) ?? ''
    expect(anchor.length).toBeGreaterThanOrEqual(64)
    expect(anchor.startsWith(' ')).toBe(true)
    expect(anchorOf(SENT.slice(0, 40))).toBe(SENT.slice(0, 40))
  })

  it.each(['', 'A harbour is', 'A harbour is a sheltered place \ud83d'])('returns none for %j', (sent) => {
    expect(anchorOf(sent)).toBeUndefined()
  })
})

describe('isData', () => {
  it.each<[string, boolean]>([
    ['{"a": 1', true],
    [' [1, 2', true],
    ['Here:\n```json\n{"a"', true],
    ['Here:\n```\n[1', true],
    ['Here:\n```json\n{}\n```\nThat is', false],
    ['Here:\n```ts\nconst a', false],
    ['The answer is {"a": [1, 2], "b": "}', true],
    ['The answer is {"a": [1, 2], "b": "}"}, which is', false],
    ['A set {1, 2', false],
  ])('%j: %s', (text, expected) => {
    expect(isData(text)).toBe(expected)
  })
})
