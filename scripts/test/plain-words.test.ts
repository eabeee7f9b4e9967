import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { puzzlingWordsIn } from '../lint/plain-words.ts'
import { root } from '../src/workspace.ts'

const skipped = new Set(['node_modules', 'dist', '.git', '.reports', '.turbo', 'CHANGELOG.md'])
const files = globSync('**/*.md', { cwd: root, exclude: (entry) => skipped.has(entry) })

it('no Markdown file has a word that readers had to read twice', () => {
  expect(files.length).toBeGreaterThan(10)
  const found = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const prose = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '))
    return puzzlingWordsIn(prose).map(({ found: word, instead, at }) => {
      const line = prose.slice(0, at).split('\n').length
      return `${file}:${line}: "${word}"; write: ${instead}`
    })
  })
  expect(found).toEqual([])
})
