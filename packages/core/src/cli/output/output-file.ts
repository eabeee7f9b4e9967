import { constants } from 'node:fs'
import { lstat, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isFileSystemError, UnwritableFileError } from '../failure.ts'
import type { AnswerSink } from './answer-sink.ts'
import { UsageError } from '../options.ts'

const BUFFER_BYTES = 64 * 1024
/**
 * The mode of the file of answers. Only its owner can read it, because answers often contain texts of the user's
 * customers.
 */
const PRIVATE_MODE = 0o600

/**
 * The file of answers. It is written as `<path>.part` and renamed when it is complete, so a file under the final name
 * is always complete. If a crash leaves a partial file, the next run replaces it and writes the answers from the
 * journal again.
 */
export class OutputFile implements AnswerSink {
  readonly path: string
  readonly partPath: string
  #file: FileHandle | undefined
  #lines: string[] = []
  #bytes = 0

  constructor(path: string) {
    this.path = path
    this.partPath = `${path}.part`
  }

  /** Whether this run has created the partial file, `<path>.part`. */
  get isBegun(): boolean {
    return this.#file !== undefined
  }

  /** Writes a line. The first line creates the file. So the run can lock its journal before any file changes. */
  async write(line: string): Promise<void> {
    this.#file ??= await createNew(this.partPath).catch(this.#explain)
    this.#lines.push(line)
    this.#bytes += line.length
    if (this.#bytes >= BUFFER_BYTES) await this.#flush().catch(this.#explain)
  }

  async finish(): Promise<void> {
    await this.#finish().catch(this.#explain)
  }

  async leave(): Promise<void> {
    try {
      await this.#flush()
    } catch (error) {
      this.#explain(error)
    } finally {
      await this.#file?.close()
    }
  }

  async #finish(): Promise<void> {
    this.#file ??= await createNew(this.partPath)
    await this.#flush()
    await this.#file.datasync()
    await this.#file.close()
    await rename(this.partPath, this.path)
    // The new name is durable only when the folder is synced.
    const folder = await open(dirname(resolve(this.path)), 'r')
    await folder.sync().finally(() => folder.close())
  }

  /**
   * Converts an error of the file system to an UnwritableFileError. The answers are not lost, because all of them are
   * in the journal.
   */
  readonly #explain = (error: unknown): never => {
    throw isFileSystemError(error) ? new UnwritableFileError(this.partPath, error) : error
  }

  async #flush(): Promise<void> {
    const text = this.#lines.join('')
    this.#lines = []
    this.#bytes = 0
    if (text !== '') await this.#file?.appendFile(text)
  }
}

/**
 * Replaces the partial file of an earlier run by a new, empty file. For security, a symbolic link at this path is
 * removed and not followed. Fails if another process creates a file at the path meanwhile.
 */
async function createNew(path: string): Promise<FileHandle> {
  await rm(path, { force: true })
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE_MODE)
}

/**
 * Checks, before a run, that its answers can be written and that no earlier answers would be lost.
 *
 * @throws UsageError otherwise
 */
export async function checkOutput(out: string, journal: string, resume: boolean): Promise<void> {
  const folder = dirname(resolve(out))
  if ((await kindOf(folder)) !== 'folder')
    throw new UsageError(`the folder of --out does not exist: ${folder}. Make it first.`)
  if ((await lstatOf(out))?.isSymbolicLink() === true && !out.startsWith('/dev/')) {
    throw new UsageError(
      `--out must be a file, and ${out} is a symbolic link, which the finished file would replace. Name the file itself.`,
    )
  }
  const part = `${out}.part`
  const [output, journaled, partial] = await Promise.all([kindOf(out), kindOf(journal), lstatOf(part)])
  if (output !== undefined && output !== 'file') {
    const what = output === 'folder' ? 'a directory' : 'none'
    const standard = output === 'other' ? ' "--out -" writes to standard output.' : ''
    throw new UsageError(`--out must be a file, and ${out} is ${what}.${standard}`)
  }
  if (!resume && (output ?? journaled)) {
    const existing = journaled ? journal : out
    throw new UsageError(
      `${existing} is there already. ${journaled ? 'Continue that run with --resume, or choose' : 'Move it away, or choose'} another --out.`,
    )
  }
  if (output && !journaled) {
    throw new UsageError(
      `${out} is there, but not its journal ${journal}, so it is unknown what was answered. Choose another --out.`,
    )
  }
  if (partial && !partial.isSymbolicLink() && !journaled) {
    throw new UsageError(
      `${part} is there, which this run would replace, and no journal says that it is of an earlier run. Move it away, or choose another --out.`,
    )
  }
}

type Kind = 'file' | 'folder' | 'other'

async function kindOf(path: string): Promise<Kind | undefined> {
  const stats = await unlessMissing(stat(path))
  return stats && (stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other')
}

async function lstatOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  return unlessMissing(lstat(path))
}

async function unlessMissing<Stats>(stats: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await stats
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}
