import type { FileHandle } from 'node:fs/promises'

export interface GroupSettings {
  durability: 'group' | 'each' | 'os'
  groupMs: number
  groupMax: number
}

interface Waiting {
  readonly line: string
  resolve(): void
  reject(error: unknown): void
}

/**
 * Appends lines to a file in groups. Each group takes one write and, except with durability `'os'`, one `fdatasync`. `write()` resolves when the
 * group of its line is written. A group is written when it is full, when its first line has waited for `groupMs`, or when `flush()` is called. While
 * a group is being written, new lines gather in the next one. After the first error, nothing more is written.
 */
export class GroupWriter {
  readonly #file: FileHandle
  readonly #settings: GroupSettings
  /** The offset in the file after the last line written. */
  #end: number
  #group: Waiting[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #isDue = false
  #writing: Promise<void> | undefined
  #failure: { error: unknown } | undefined

  constructor(file: FileHandle, end: number, settings: GroupSettings) {
    this.#file = file
    this.#end = end
    this.#settings = settings
  }

  /** The offset in the file after the last line written. */
  get end(): number {
    return this.#end
  }

  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) throw this.#failure.error
      this.#group.push({ line, resolve, reject })
      if (this.#settings.durability === 'each' || this.#group.length >= this.#settings.groupMax) this.flush()
      // The timer keeps the process alive for these few milliseconds: a process that ended earlier would lose paid
      // answers.
      else this.#timer ??= setTimeout(() => this.flush(), this.#settings.groupMs)
    })
  }

  /** Writes the gathered lines now. */
  flush(): void {
    if (this.#group.length === 0) return
    this.#isDue = true
    this.#writing ??= this.#writeGroups()
  }

  /** Writes the gathered lines. Resolves when no line is left to write, even if writing has failed. */
  async drained(): Promise<void> {
    this.flush()
    await this.#writing
  }

  async #writeGroups(): Promise<void> {
    while (this.#isDue && !this.#failure) {
      const group = this.#take()
      try {
        await this.#append(group)
        for (const waiting of group) waiting.resolve()
      } catch (error) {
        this.#failure = { error }
        for (const waiting of [...group, ...this.#group.splice(0)]) waiting.reject(error)
      }
    }
    if (this.#failure) clearTimeout(this.#timer)
    this.#writing = undefined
  }

  #take(): Waiting[] {
    const { durability, groupMax } = this.#settings
    const group = this.#group.splice(0, durability === 'each' ? 1 : groupMax)
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Remaining lines are due at once: they have waited while this group was full.
    this.#isDue = this.#group.length > 0
    return group
  }

  async #append(group: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.from(group.map(({ line }) => line).join(''))
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await this.#file.write(bytes, at, bytes.length - at, this.#end + at)).bytesWritten
      }
      if (this.#settings.durability !== 'os') await this.#file.datasync()
    } catch (error) {
      // Removes a partial line now, if possible. Otherwise it is cut off when the journal is opened again.
      await this.#file.truncate(this.#end).catch(() => undefined)
      throw error
    }
    this.#end += bytes.length
  }
}
