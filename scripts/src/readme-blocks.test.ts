import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ReadmeBlock, checkReadmeBlocks, readmeBlocks } from './readme-blocks.ts'
import { temporaryFolder } from './temporary-folder.ts'

const fence = '```'

function block(code: string, runs = false): ReadmeBlock {
  return { readme: 'packages/x/README.md', line: 40, runs, code }
}

it('takes the TypeScript blocks of a README and leaves the others', () => {
  const folder = temporaryFolder('harbor-readme-')
  onTestFinished(() => {
    folder[Symbol.dispose]()
  })
  const text = [
    '# x',
    `${fence}sh`,
    'npm i x',
    fence,
    `${fence}ts run`,
    'one()',
    fence,
    `${fence}ts`,
    'two()',
    fence,
  ]
  writeFileSync(join(folder.path, 'README.md'), text.join('\n'))
  expect(readmeBlocks('README.md', folder.path)).toEqual([
    { readme: 'README.md', line: 6, runs: true, code: 'one()' },
    { readme: 'README.md', line: 9, runs: false, code: 'two()' },
  ])
})

// Each of these starts tsc once: a few seconds on a busy machine.
describe('checking', () => {
  it('accepts blocks that stand alone, even when they use the same names', async () => {
    const report = await checkReadmeBlocks([
      block('const answer: number = 1'),
      block('const answer: string = "1"'),
    ])
    expect(report).toEqual({ checked: 2, run: 0, problems: [] })
  })

  it('names the README and the line of a block that does not type-check', async () => {
    const { problems } = await checkReadmeBlocks([
      block('const fine = 1'),
      block('\nconst wrong: number = "text"'),
    ])
    expect(problems).toEqual([expect.stringMatching(/^packages\/x\/README\.md:41:7: error TS2322/)])
  })

  it('finds the packages of the workspace and what they are used with', async () => {
    const code =
      "import * as retry from '@harbor/retry'\nimport OpenAI from 'openai'\nexport { retry, OpenAI }"
    expect((await checkReadmeBlocks([block(code)])).problems).toEqual([])
  })

  it('runs a marked block and names it when it fails', async () => {
    const { run, problems } = await checkReadmeBlocks([
      block('console.log(1)', true),
      block("throw new Error('broken')", true),
    ])
    expect(run).toBe(2)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^packages\/x\/README\.md:40 ended with code 1\n/)
    expect(problems[0]).toContain('packages/x/README.md:40\n')
  })

  it('runs blocks without any key of the machine', async () => {
    process.env.OPENAI_API_KEY = 'a key'
    onTestFinished(() => {
      delete process.env.OPENAI_API_KEY
    })
    const { problems } = await checkReadmeBlocks([
      block('if (process.env.OPENAI_API_KEY) process.exit(1)', true),
    ])
    expect(problems).toEqual([])
  })
})
