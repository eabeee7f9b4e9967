import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, suggestionFor } from './suggestions.ts'

const KNOWN = ['maxAttempts', 'baseDelayMs', 'ttlMs', 'timeout', 'clock', 'signal']
const ELSEWHERE = {
  maxAttempts: 'retries (p-retry), maxRetries (openai), tries; which counts the first attempt too',
  ttlMs: 'maxAge',
  signal: 'abortSignal (the AI SDK)',
  openForMs: 'halfOpenAfter (cockatiel)',
}

describe('didYouMean', () => {
  it.each([
    ['max_attempts', 'maxAttempts'],
    ['MAXATTEMPTS', 'maxAttempts'],
    ['ttl', 'ttlMs'],
    ['baseDelay', 'baseDelayMs'],
    ['timeoutMs', 'timeout'],
    ['retries', 'maxAttempts'],
    ['max-retries', 'maxAttempts'],
    ['maxAgeMs', 'ttlMs'],
    ['retires', 'maxAttempts'],
    ['maxAtempts', 'maxAttempts'],
    ['clok', 'clock'],
    ['singal', 'signal'],
  ])('corrects %s to %s', (name, option) => {
    expect(didYouMean(name, KNOWN, ELSEWHERE)).toBe(option)
  })

  it.each([
    'banana',
    'x',
    'tt',
    'tls',
    'foo',
    'sock',
    'pool',
    'constructor',
    '__proto__',
    'toString',
    '',
    'retreat',
    'halfOpenAfter',
  ])('suggests nothing for %s', (name) => {
    expect(didYouMean(name, KNOWN, ELSEWHERE)).toBeUndefined()
  })

  it('finds an option with any one letter missing, doubled or swapped with the next', () => {
    const option = fc.constantFrom('maxAttempts', 'baseDelayMs', 'timeout', 'signal')
    fc.assert(
      fc.property(option, fc.nat(), fc.constantFrom(0, 1, 2), (name, place, kind) => {
        const at = place % (name.length - 1)
        const [head, letter, next, tail] = [name.slice(0, at), name[at], name[at + 1], name.slice(at + 2)]
        const middle = [`${next}`, `${letter}${letter}${next}`, `${next}${letter}`][kind]
        const typo = `${head}${middle}${tail}`
        fc.pre(typo !== name)
        expect(didYouMean(typo, KNOWN)).toBe(name)
      }),
    )
  })

  it('suggests the only option that begins with the name, and none of several', () => {
    const price = ['inputPerMillion', 'outputPerMillion', 'perRequest', 'perServerToolUse']
    expect(didYouMean('input', price)).toBe('inputPerMillion')
    expect(didYouMean('perS', price)).toBe('perServerToolUse')
    expect(didYouMean('input', ['inputOfSound', 'inputOfText'])).toBeUndefined()
    expect(didYouMean('per', price)).toBeUndefined()
  })

  it('suggests nothing for random words', () => {
    const word = fc.stringMatching(/^[a-z]{5,12}$/)
    const suggested = fc
      .sample(word, { numRuns: 2_000, seed: 7 })
      .filter((name) => didYouMean(name, KNOWN, ELSEWHERE))
    expect(suggested).toEqual([])
  })
})

describe('suggestionFor', () => {
  it.each([
    ['maxAtempts', 'maxAttempts?'],
    ['tries', 'maxAttempts?'],
    [
      'retries',
      'maxAttempts? (p-retry calls it retries; here it is maxAttempts, which counts the first attempt too)',
    ],
    [
      'Retires',
      'maxAttempts? (p-retry calls it retries; here it is maxAttempts, which counts the first attempt too)',
    ],
    ['abortSignal', 'signal? (the AI SDK calls it abortSignal)'],
    ['banana', undefined],
  ])('answers %s with %s', (name, suggestion) => {
    expect(suggestionFor(name, KNOWN, ELSEWHERE)).toBe(suggestion)
  })

  it('writes the prefix before the option', () => {
    expect(suggestionFor('retries', KNOWN, ELSEWHERE, 'retry.')).toBe(
      'retry.maxAttempts? (p-retry calls it retries; here it is retry.maxAttempts, which counts the first attempt too)',
    )
  })
})
