import { expect, it } from 'vitest'
import { codeBlocks } from './code-blocks.ts'

const fence = '```'

it('finds every fenced block with its language, its marks and its first line', () => {
  const markdown = [
    '# Title',
    '',
    `${fence}ts run`,
    'one()',
    '',
    'two()',
    fence,
    'text',
    `${fence}sh`,
    'npm i',
    fence,
  ].join('\n')
  expect(codeBlocks(markdown)).toEqual([
    { language: 'ts', marks: ['run'], line: 4, code: 'one()\n\ntwo()' },
    { language: 'sh', marks: [], line: 10, code: 'npm i' },
  ])
})

it('keeps a shorter fence inside a longer one', () => {
  const markdown = [`${fence}\`md`, `${fence}ts`, 'one()', fence, `${fence}\``].join('\n')
  expect(codeBlocks(markdown)).toEqual([
    { language: 'md', marks: [], line: 2, code: `${fence}ts\none()\n${fence}` },
  ])
})

it('takes the indentation of a list off a block inside it', () => {
  const markdown = ['- item', `  ${fence}ts`, '  if (a) {', '    b()', '  }', `  ${fence}`].join('\n')
  expect(codeBlocks(markdown)).toEqual([{ language: 'ts', marks: [], line: 3, code: 'if (a) {\n  b()\n}' }])
})

it('reads documents with Windows line ends', () => {
  expect(codeBlocks(`${fence}ts\r\none()\r\n${fence}\r\n`)).toEqual([
    { language: 'ts', marks: [], line: 2, code: 'one()' },
  ])
})
