import { describe, expect, it } from 'vitest'
import { findNamed, listNamed, runSource } from '../src/named-file.ts'

const names = listNamed('examples/sdks', '.ts')

describe('the examples of other SDKs', () => {
  it('are one for each SDK', () => {
    expect(names).toEqual(['anthropic', 'gemini'])
  })

  it.each(names)(
    'show that %s takes half an answer for a whole one, and that over Harbor it throws',
    async (name) => {
      const { code, output } = await runSource(
        findNamed('examples', '.ts', `sdks/${name}`, ['sdks']),
        [],
        'keep',
      )
      expect(output).toMatch(/bare SDK: “[^”]*”\n/)
      expect(output).toMatch(/Harbor: {3}“[^”]*…” and /)
      expect(output).toMatch(/spent \$0\.00\d*[1-9]\d*; 0 answers without a known price/)
      expect(code).toBe(0)
    },
  )
})
