import { describe, expect, it } from 'vitest'
import { attemptsOf } from './attempts.ts'

describe('attemptsOf', () => {
  it('is undefined when no number is given', () => {
    expect(attemptsOf({})).toBeUndefined()
    expect(attemptsOf({ retry: { baseDelayMs: 1 } })).toBeUndefined()
  })
})
