import { expect, it } from 'vitest'
import { pnpm, pnpmVersion } from './pnpm.ts'

it('uses the pnpm that started it', () => {
  expect(pnpm(['pack'], '/somewhere/pnpm')).toEqual(['/somewhere/pnpm', ['pack']])
  expect(pnpm(['pack'], '/somewhere/pnpm.cjs')).toEqual([process.execPath, ['/somewhere/pnpm.cjs', 'pack']])
})

it("asks npx for the project's version when something else started it", () => {
  const expected = ['npx', ['--yes', `pnpm@${pnpmVersion()}`, 'pack']]
  expect(pnpm(['pack'], '/somewhere/npm-cli.js')).toEqual(expected)
  expect(pnpm(['pack'], '')).toEqual(expected)
})
