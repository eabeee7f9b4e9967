import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeBlocks } from './code-blocks.ts'
import { run } from './run.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { tool } from './tool.ts'
import { withoutKeys } from './without-keys.ts'
import { root } from './workspace.ts'

/** One TypeScript block of a README, or of a page of `docs`. */
export interface ReadmeBlock {
  /** The README, relative to the root. */
  readme: string
  /** Where its code begins. */
  line: number
  /** Marked `ts run`: complete, and to be run without network or key. */
  runs: boolean
  code: string
}

export interface ReadmeReport {
  checked: number
  run: number
  /** One entry per fault, each beginning with `README:line`. */
  problems: string[]
}

/** The TypeScript blocks of one document, without those that show a file: a test compares them with it. */
export function readmeBlocks(readme: string, from = root): ReadmeBlock[] {
  return codeBlocks(readFileSync(join(from, readme), 'utf8'))
    .filter(({ language, marks }) => /^(ts|typescript)$/.test(language) && fileShown(marks) === undefined)
    .map(({ line, marks, code }) => ({ readme, line, runs: marks.includes('run'), code }))
}

/** The file, relative to the root, that a block marked `file=…` shows. */
export function fileShown(marks: readonly string[]): string | undefined {
  return marks.find((mark) => mark.startsWith('file='))?.slice('file='.length)
}

/** Type-checks every block, each as a module of its own, all in one run of tsc; then runs those that are marked. */
export async function checkReadmeBlocks(
  blocks: readonly ReadmeBlock[],
  signal?: AbortSignal,
): Promise<ReadmeReport> {
  if (blocks.length === 0) return { checked: 0, run: 0, problems: [] }
  // Inside the scripts' package, since that depends on everything a README may show.
  const parent = join(root, 'scripts', '.reports')
  mkdirSync(parent, { recursive: true })
  using folder = temporaryFolder('readme-', parent)
  const files = blocks.map((block, index) => {
    const file = `block-${index + 1}.ts`
    // Pushed down to the line it has in its README, so that every message names the right one.
    writeFileSync(join(folder.path, file), '\n'.repeat(block.line - 1) + block.code + '\n')
    return { ...block, file }
  })
  const inReadme = (output: string) =>
    files.reduce((text, { file, readme }) => {
      const name = file.replaceAll('.', '\\.')
      return text
        .replaceAll(new RegExp(`\\S*\\b${name}[(:](\\d+)[,:](\\d+)\\)?`, 'g'), `${readme}:$1:$2`)
        .replaceAll(new RegExp(`\\S*\\b${name}:(\\d+)`, 'g'), `${readme}:$1`)
    }, output)

  const problems = await typeErrors(folder.path, inReadme, signal)
  const runnable = files.filter(({ runs }) => runs)
  for (const { file, readme, line } of runnable) {
    const { code, output } = await run(process.execPath, ['--conditions=@harbor/source', file], {
      cwd: folder.path,
      env: withoutKeys(),
      timeoutMs: 60_000,
      ...(signal && { signal }),
    })
    if (code !== 0) problems.push(`${readme}:${line} ended with code ${code}\n${inReadme(output)}`)
  }
  return { checked: files.length, run: runnable.length, problems }
}

async function typeErrors(
  folder: string,
  inReadme: (output: string) => string,
  signal?: AbortSignal,
): Promise<string[]> {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../tsconfig.base.json',
      compilerOptions: { moduleDetection: 'force', noUnusedLocals: false, noUnusedParameters: false },
      include: ['*.ts'],
    }),
  )
  const [node, tsc] = tool('tsc', 'typescript7')
  const { code, output } = await run(node, [tsc, '--pretty', 'false'], {
    cwd: folder,
    ...(signal && { signal }),
  })
  if (code === 0) return []
  // A fault of several lines continues with an indented line.
  return inReadme(output.trim()).split(/\n(?!\s)/)
}
