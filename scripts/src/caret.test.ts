import { expect, it } from 'vitest'
import { caretAdmits } from './caret.ts'

it.each([
  ['1.2.3', '1.2.3', true],
  ['1.2.3', '1.2.4', true],
  ['1.2.3', '1.10.0', true],
  ['1.2.3', '2.0.0', false],
  ['1.2.3', '1.2.2', false],
  ['1.2.3', '1.1.9', false],
  ['0.2.3', '0.2.4', true],
  ['0.2.3', '0.3.0', false],
  ['0.0.3', '0.0.3', true],
  ['0.0.3', '0.0.4', false],
  ['0.0.0', '0.0.1', false],
])('^%s and %s: %s', (from, to, admitted) => {
  expect(caretAdmits(from, to)).toBe(admitted)
})

it('refuses what is not a plain version', () => {
  expect(() => caretAdmits('^1.0.0', '1.0.0')).toThrow('not a plain version: ^1.0.0')
  expect(() => caretAdmits('1.0.0', '1.1.0-next.1')).toThrow('not a plain version: 1.1.0-next.1')
})
