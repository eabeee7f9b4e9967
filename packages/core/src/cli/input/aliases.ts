import { fstat, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from '../options.ts'

const STANDARD_INPUT = 0

/**
 * Checks that the input is not one of the files that the run writes. Otherwise the run would replace the input before
 * reading it. Links to the same file are found, too.
 * @param input the path of the input; undefined for standard input
 * @throws UsageError if the input is such a file
 */
export async function refuseAliases(input: string | undefined, out: string): Promise<void> {
  const names = writtenBeside(out)
  const source = await (input === undefined ? promisify(fstat)(STANDARD_INPUT) : stat(input)).catch(
    () => undefined,
  )
  const sourcePath = input === undefined ? undefined : await realPathOf(input)
  for (const name of names) {
    const [stats, path] = await Promise.all([stat(name).catch(() => undefined), realPathOf(name)])
    if (path === sourcePath || isSame(stats, source)) {
      throw new UsageError(
        `the input is ${name}, which the run itself writes. Give the requests another name, or choose another --out.`,
      )
    }
  }
}

/**
 * Checks that the file of the report is neither the input nor one of the other files of the run.
 * @throws UsageError if it is such a file
 */
export async function refuseReportAliases(
  report: string,
  input: string | undefined,
  out: string | undefined,
): Promise<void> {
  const stats = await stat(report).catch(() => undefined)
  const path = await realPathOf(report)
  for (const name of [
    ...(input === undefined ? [] : [input]),
    ...(out === undefined ? [] : writtenBeside(out)),
  ]) {
    if (path === (await realPathOf(name)) || isSame(stats, await stat(name).catch(() => undefined)))
      throw new UsageError(`--report-csv is ${name}, which the run itself needs. Choose another file.`)
  }
}

/** Returns the names of the files that a run writes. */
function writtenBeside(out: string): readonly string[] {
  const ends = ['', '.part', '.journal', '.journal.lock', '.journal.batches', '.journal.batches.lock']
  return ends.map((end) => out + end)
}

function isSame(one: Stats | undefined, other: Stats | undefined): boolean {
  return one?.isFile() === true && one.ino === other?.ino && one.dev === other.dev
}

/** Resolves the symbolic links in a path. The file itself need not exist yet. */
async function realPathOf(path: string): Promise<string> {
  const absolute = resolve(path)
  return realpath(absolute).catch(async () => {
    const folder = dirname(absolute)
    return join(await realpath(folder).catch(() => folder), basename(absolute))
  })
}
