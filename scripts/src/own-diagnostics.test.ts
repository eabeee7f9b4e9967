import { expect, it } from 'vitest'
import { ownDiagnostics } from './own-diagnostics.ts'

const OURS = "node_modules/@harbor/core/dist/index.d.ts(1,2): error TS2307: Cannot find module 'a'."
const EXAMPLE = "example.ts(3,1): error TS2322: Type 'a'\n  is not 'b'."
const THEIRS =
  "node_modules/@ai-sdk/provider/dist/index.d.ts(1,2): error TS7016: No types\n  of 'json-schema'."
const NESTED = 'node_modules/@harbor/redis/node_modules/their/a.d.ts(1,2): error TS1: a'

it('keeps errors in our declarations and in the example, with all their lines', () => {
  expect(ownDiagnostics([THEIRS, OURS, NESTED, EXAMPLE, ''].join('\n'))).toEqual([OURS, EXAMPLE])
})

it('drops errors in the declarations of others', () => {
  expect(ownDiagnostics(`${THEIRS}\n${NESTED}\n`)).toEqual([])
})

it('keeps what is no error in a file', () => {
  expect(ownDiagnostics('Killed\n')).toEqual(['Killed\n'])
  const option = "error TS5023: Unknown compiler option 'x'."
  expect(ownDiagnostics(option)).toEqual([option])
  expect(ownDiagnostics(`${THEIRS}\n${option}`)).toEqual([option])
})
