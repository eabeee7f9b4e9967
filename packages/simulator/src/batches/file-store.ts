/** A file as an object of /v1/files. */
export interface FileObject {
  id: string
  object: 'file'
  bytes: number
  created_at: number
  expires_at: number | null
  filename: string
  purpose: string
  status: 'processed'
  status_details: null
}

export interface StoredFile {
  about: FileObject
  content: Buffer
}

const maxFiles = 10_000
const maxBytes = 2 * 1024 ** 3

/** The files of a provider, in memory. If the store is full, uploads and batches are refused; no file is dropped. */
export class FileStore {
  readonly #files = new Map<string, StoredFile>()
  readonly #idPrefix: string
  #ids = 0
  #bytes = 0

  constructor(idPrefix: string) {
    this.#idPrefix = idPrefix
  }

  get full(): boolean {
    return this.#files.size >= maxFiles || this.#bytes >= maxBytes
  }

  add(filename: string, purpose: string, content: Buffer): FileObject {
    const about: FileObject = {
      id: `file-${this.#idPrefix}${(++this.#ids).toString(16).padStart(8, '0')}`,
      object: 'file',
      bytes: content.length,
      created_at: Math.floor(Date.now() / 1_000),
      expires_at: null,
      filename,
      purpose,
      status: 'processed',
      status_details: null,
    }
    this.#files.set(about.id, { about, content })
    this.#bytes += content.length
    return about
  }

  get(id: string): StoredFile | undefined {
    return this.#files.get(id)
  }

  delete(id: string): void {
    this.#bytes -= this.#files.get(id)?.content.length ?? 0
    this.#files.delete(id)
  }

  /** Returns all files, in the order of creation. */
  all(): FileObject[] {
    return [...this.#files.values()].map(({ about }) => about)
  }
}
