import { open, rename, stat, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UsageError } from './usage-error.ts'

const GATHERED_BYTES = 64 * 1024

/**
 * The file of answers. It is written under another name, and gets its own when it is whole: whoever finds it finds all of it. What
 * a crash leaves under the other name is written anew, from the journal.
 */
export class OutputFile {
  readonly path: string
  readonly partPath: string
  #file: FileHandle | undefined
  #lines: string[] = []
  #bytes = 0

  constructor(path: string) {
    this.path = path
    this.partPath = `${path}.part`
  }

  /** Whether anything has been written, and so the file under the other name is this run's. */
  get isBegun(): boolean {
    return this.#file !== undefined
  }

  /** Opens the file at its first line, so that nothing is touched before the journal is locked. */
  async write(line: string): Promise<void> {
    this.#file ??= await open(this.partPath, 'w')
    this.#lines.push(line)
    this.#bytes += line.length
    if (this.#bytes >= GATHERED_BYTES) await this.#flush()
  }

  /** All has been written: the file gets its name. */
  async finish(): Promise<void> {
    this.#file ??= await open(this.partPath, 'w')
    await this.#flush()
    await this.#file.datasync()
    await this.#file.close()
    await rename(this.partPath, this.path)
    // The new name is safe only with the folder that holds it.
    const folder = await open(dirname(resolve(this.path)), 'r')
    await folder.sync().finally(() => folder.close())
  }

  /** Leaves what there is under its other name. */
  async leave(): Promise<void> {
    await this.#flush()
    await this.#file?.close()
  }

  async #flush(): Promise<void> {
    const text = this.#lines.join('')
    this.#lines = []
    this.#bytes = 0
    if (text !== '') await this.#file?.appendFile(text)
  }
}

/** @throws UsageError when answers would be lost, or could not be written */
export async function checkOutput(out: string, journal: string, resume: boolean): Promise<void> {
  const folder = dirname(resolve(out))
  if ((await kindOf(folder)) !== 'folder')
    throw new UsageError(`the folder of --out does not exist: ${folder}. Make it first.`)
  const [output, kept] = await Promise.all([kindOf(out), kindOf(journal)])
  if (output !== undefined && output !== 'file')
    throw new UsageError(
      `--out must be a file, and ${out} is ${output === 'folder' ? 'a directory' : 'none'}.`,
    )
  if (!resume && (output ?? kept)) {
    const there = kept ? journal : out
    throw new UsageError(
      `${there} is there already. ${kept ? 'Go on with that run by --resume, or choose' : 'Move it away, or choose'} another --out.`,
    )
  }
  if (output && !kept) {
    throw new UsageError(
      `${out} is there, but not its journal ${journal}, so nobody knows what was answered. Choose another --out.`,
    )
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const stats = await stat(path)
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}
