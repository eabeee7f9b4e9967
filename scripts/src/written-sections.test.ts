import { expect, it } from 'vitest'
import { withSection, writtenSections } from './written-sections.ts'

const readme = [
  '# One',
  '<!-- bench: retry sizes -->',
  '',
  '| old |',
  '',
  '<!-- /bench -->',
  'Words.',
  '<!-- output: pnpm demo -->',
  'Hi',
  '<!-- /output -->',
].join('\n')

it('finds what programs have written', () => {
  expect(writtenSections(readme)).toEqual([
    { kind: 'bench', name: 'retry sizes', text: '| old |' },
    { kind: 'output', name: 'pnpm demo', text: 'Hi' },
  ])
})

it('puts a text into the section of its name, and touches nothing else', () => {
  const changed = withSection(readme, { kind: 'bench', name: 'retry sizes', text: '| $1 |' })
  expect(changed).toBe(readme.replace('| old |', () => '| $1 |'))
  expect(withSection(readme, { kind: 'bench', name: 'retry', text: 'new' })).toBe(readme)
  expect(withSection(readme, { kind: 'output', name: 'retry sizes', text: 'new' })).toBe(readme)
})

it('takes a mark for one only where it stands alone in its line', () => {
  expect(writtenSections('Write `<!-- bench: retry -->` and `<!-- /bench -->`.')).toEqual([])
})

it.each([
  ['<!-- bench: retry -->\n| 1 |', '<!-- bench: retry -->'],
  ['| 1 |\n<!-- /bench -->', '<!-- /bench -->'],
  ['<!-- bench: retry -->\n<!-- /output -->', '<!-- bench: retry -->'],
  ['<!-- bench retry -->\n<!-- /bench -->', '<!-- bench retry -->'],
])('takes no half for a section: %j', (markdown, half) => {
  expect(() => writtenSections(markdown)).toThrow(`${half} has no other half`)
})
