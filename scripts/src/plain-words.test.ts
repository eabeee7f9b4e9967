import { Linter } from 'eslint'
import { describe, expect, it } from 'vitest'
import { plainWords, puzzlingWords, puzzlingWordsIn } from '../lint/plain-words.ts'

describe('the list of puzzling words', () => {
  it('finds each word in any case, and where it stands', () => {
    expect(puzzlingWordsIn('Nobody is told.')).toMatchObject([
      { found: 'told', at: 10 },
      { found: 'Nobody', at: 0 },
    ])
  })

  it('skips code between backticks', () => {
    expect(puzzlingWordsIn('The field `told` is read.')).toEqual([])
  })

  it('leaves words alone that only contain one', () => {
    expect(
      puzzlingWordsIn('This history shows the heat; it stands in the table, and the deadline is near.'),
    ).toEqual([])
  })

  it('names a replacement for each', () => {
    for (const { instead } of puzzlingWords) expect(instead).not.toBe('')
  })
})

describe('the lint rule', () => {
  const lint = (code: string) =>
    new Linter()
      .verify(code, [
        { plugins: { harbor: { rules: { words: plainWords } } }, rules: { 'harbor/words': 'error' } },
      ])
      .map(({ line, message }) => `${line}: ${message}`)

  it('reports comments and titles of tests', () => {
    const code = [
      '/** Whom it concerns. */',
      "it('tells the caller', () => {})",
      "describe.each([1])('nobody', () => {})",
    ]
    expect(lint(code.join('\n'))).toEqual([
      expect.stringMatching(/^1: "Whom"/),
      expect.stringMatching(/^2: "tells"/),
      expect.stringMatching(/^3: "nobody"/),
    ])
  })

  it('leaves names and other texts of the code alone', () => {
    expect(lint("const told = 'nobody'; log('told')")).toEqual([])
  })
})
