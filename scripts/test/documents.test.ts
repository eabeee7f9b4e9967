import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeBlocks } from '../src/code-blocks.ts'
import { documents, pages, readDocument } from '../src/documents.ts'
import { fileShown } from '../src/readme-blocks.ts'
import { published, root } from '../src/workspace.ts'

/** Where the repository's files can be seen by anyone. */
const REPOSITORY =
  /^https:\/\/(?:github\.com\/harbor-llm\/harbor\/(?:blob|tree)|raw\.githubusercontent\.com\/harbor-llm\/harbor)\/main\//
const MAX_WORDS = { root: 900, package: 1_200 }
const packageReadmes = published().map(({ folder }) => `${folder}/README.md`)

describe.each(documents())('%s', (document) => {
  const text = readDocument(document)

  it('links only to files and headings that exist', () => {
    expect(linksIn(text).filter((link) => !leadsSomewhere(link, document))).toEqual([])
  })

  it('shows files as they are', () => {
    for (const { marks, code } of codeBlocks(text)) {
      const file = fileShown(marks)
      if (file !== undefined) expect(code.trim()).toBe(readFileSync(join(root, file), 'utf8').trim())
    }
  })
})

describe.each(packageReadmes)('%s', (readme) => {
  const text = readDocument(readme)

  it('has no relative links, which lead nowhere on npm', () => {
    expect(linksIn(text).filter((link) => !/^(https:|#)/.test(link))).toEqual([])
  })

  it('fits on a screen or two', () => {
    expect(wordsOf(text)).toBeLessThanOrEqual(MAX_WORDS.package)
  })
})

describe.each(['README.md'])('%s', (readme) => {
  it('is short', () => {
    expect(wordsOf(readDocument(readme))).toBeLessThanOrEqual(MAX_WORDS.root)
  })
})

describe('README.zh-CN.md', () => {
  const [english, chinese] = [readDocument('README.md'), readDocument('README.zh-CN.md')]

  it('has the headings of README.md, level by level', () => {
    expect(levelsOf(chinese)).toEqual(levelsOf(english))
  })

  it('has the code blocks of README.md, word for word; pictures and output are translated', () => {
    const programs = (text: string) => codeBlocks(text).filter(({ language }) => language !== 'text')
    const said = (text: string) =>
      programs(text).map(({ language, marks, code }) => ({ language, marks, code }))
    expect(said(chinese)).toEqual(said(english))
    expect(codeBlocks(chinese)).toHaveLength(codeBlocks(english).length)
  })

  it('has as many rows in each table as README.md', () => {
    expect(tableRows(chinese)).toEqual(tableRows(english))
  })
})

describe('docs/README.md', () => {
  it('lists every page', () => {
    const listed = linksIn(readDocument('docs/README.md')).map((link) => `docs/${link.replace(/#.*/, '')}`)
    expect(pages().filter((page) => page !== 'docs/README.md' && !listed.includes(page))).toEqual([])
  })
})

/** The targets of links and pictures outside of code. */
function linksIn(markdown: string): string[] {
  const prose = withoutCode(markdown)
  const inline = [...prose.matchAll(/\]\((<[^>]+>|[^)\s]+)\)/g)]
  const html = [...prose.matchAll(/\b(?:href|src)="([^"]+)"/g)]
  return [...inline, ...html].map(([, link = '']) => link.replace(/^<|>$/g, ''))
}

function leadsSomewhere(link: string, document: string): boolean {
  const own = REPOSITORY.test(link)
  if (!own && /^[a-z]+:/.test(link)) return true
  const [path = '', heading] = (own ? link.replace(REPOSITORY, '') : link).split('#')
  const from = own ? '' : dirname(document)
  const target = path === '' && !own ? document : posix.normalize(posix.join(from, path)).replace(/\/$/, '')
  if (!existsSync(join(root, target))) return false
  if (heading === undefined || (own && heading === 'readme')) return true
  const file = target.endsWith('.md') ? target : `${target}/README.md`
  return existsSync(join(root, file)) && anchorsOf(readDocument(file)).includes(heading)
}

/** The names by which GitHub and npm know the headings of a document. */
function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>()
  return headingsOf(markdown).map(({ title }) => {
    const anchor = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
}

function headingsOf(markdown: string): { level: number; title: string }[] {
  return [...withoutCode(markdown).matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    title,
  }))
}

const levelsOf = (markdown: string): number[] => headingsOf(markdown).map(({ level }) => level)

function tableRows(markdown: string): number[] {
  return [...withoutCode(markdown).matchAll(/(?:^\|.*\|\n?)+/gm)].map(
    ([table]) => table.trim().split('\n').length,
  )
}

const withoutCode = (markdown: string): string =>
  markdown.replaceAll(/^([ \t]*)(`{3,})[^\n]*\n[^]*?^\1\2$/gm, '')

/** As `wc -w` counts them. */
const wordsOf = (markdown: string): number => markdown.split(/\s+/).filter(Boolean).length
