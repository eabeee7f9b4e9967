import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run, type Run, type RunOptions } from './run.ts'
import { stopSignal } from './stop-signal.ts'
import { root } from './workspace.ts'

/** Finds `<folder>/<name><ending>`; names what there is instead when there is no such file. */
export function findNamed(
  folder: string,
  ending: string,
  name: string | undefined,
  subfolders: readonly string[] = [],
): string {
  const names = [
    ...listNamed(folder, ending),
    ...subfolders.flatMap((name) => listNamed(`${folder}/${name}`, ending).map((file) => `${name}/${file}`)),
  ]
  if (name !== undefined && names.includes(name)) return join(root, fileNamed(folder, ending, name))
  const said = name === undefined ? 'Which one?' : `There is no ${folder}/${name}${ending}.`
  throw new Error([said, 'There are:', ...names.map((known) => `  ${known}`)].join('\n'))
}

/** The path of a named file: a program of several files is a folder, and begins in its file `main`. */
export function fileNamed(folder: string, ending: string, name: string): string {
  const main = join(folder, name, `main${ending}`)
  return existsSync(join(root, main)) ? main : join(folder, name + ending)
}

/** The names that can be given: every file directly in the folder with this ending, without it, and every folder with a file `main`. */
export function listNamed(folder: string, ending: string): string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  const programs = globSync(`*/main${ending}`, { cwd: path }).map((file) => dirname(file) + ending)
  return [...globSync(`*${ending}`, { cwd: path }), ...programs]
    .map((file) => file.slice(0, -ending.length))
    .filter((name) => !name.endsWith('.test') && !name.endsWith('.d'))
    .sort()
}

/** Runs a source file as it is, the workspace's packages taken from their sources too. */
export async function runSource(
  file: string,
  args: readonly string[],
  output: NonNullable<RunOptions['output']> = 'inherit',
): Promise<Run> {
  using stop = stopSignal()
  return await run(process.execPath, ['--expose-gc', '--conditions=@harbor/source', file, ...args], {
    cwd: root,
    output,
    signal: stop.signal,
  })
}
