import { expect, it } from 'vitest'
import { goDuration } from './go-duration.ts'

it.each([
  [-5, '0s'],
  [0, '0s'],
  [0.2, '1ms'],
  [12, '12ms'],
  [1_000 + 1e-9, '1s'],
  [1_500, '1.5s'],
  [60_000, '1m0s'],
  [360_000, '6m0s'],
  [86_399_999, '23h59m59.999s'],
])('formats %d ms like Go: %s', (ms, text) => expect(goDuration(ms)).toBe(text))
