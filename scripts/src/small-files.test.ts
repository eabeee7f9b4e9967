import { describe, expect, it } from 'vitest'
import { halvesOfOthers, SMALL } from './small-files.ts'

const VALUE = 'export const one = 1\n'

/** Whether a file with this text is found when this many files import it. */
function isFound(text: string, importers = 1): boolean {
  const graph = new Map<string, string[]>([['small.ts', []]])
  for (let at = 0; at < importers; at++) graph.set(`user-${at}.ts`, ['small.ts'])
  return halvesOfOthers(graph, (file) => (file === 'small.ts' ? text : '\n'.repeat(SMALL))).includes(
    'small.ts',
  )
}

describe('a small file', () => {
  it.each([
    ['a constant', VALUE],
    ['a function', 'export async function one() {}\n'],
    ['a class', 'export class One {}\n'],
    ['a local name', 'const one = 1\nexport { one }\n'],
    ['a value beside a type', `export interface One {}\n${VALUE}`],
    ['one line less than the bound', VALUE + '\n'.repeat(SMALL - 2)],
  ])('is found with %s', (_, text) => {
    expect(isFound(text)).toBe(true)
  })

  it('is found when no other file imports it', () => {
    expect(isFound(VALUE, 0)).toBe(true)
  })

  it.each([
    ['an error', 'export class OneError extends Error {}\n'],
    ['types', 'export interface One {}\nexport type Other = One\n'],
    ['an entry', "export { one } from './one.ts'\nexport {\n  two,\n} from './two.ts'\n"],
    ['a program', "import './one.ts'\n"],
    ['a file of as many lines as the bound', VALUE + '\n'.repeat(SMALL - 1)],
  ])('may be %s', (_, text) => {
    expect(isFound(text)).toBe(false)
  })

  it('may be imported by two others', () => {
    expect(isFound(VALUE, 2)).toBe(false)
  })
})
