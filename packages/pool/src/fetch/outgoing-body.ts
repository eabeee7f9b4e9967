import type { Readable } from 'node:stream'
import type { FormData as UndiciFormData } from 'undici'
import { UploadStream } from './upload-stream.ts'

/** A request body in a form that undici can send. */
export interface OutgoingBody {
  readonly content: string | Uint8Array | Blob | UndiciFormData | Readable | UploadStream | null
  /** The `content-type` that is sent for this body if the caller sets none. */
  readonly type?: string | undefined
}

/**
 * Converts the `body` option of fetch into a form that undici can send. A FormData must already have been converted by
 * `copyForm`.
 * @param duplex the `duplex` option of fetch, which must be `half` for streams
 */
export function readBody(body: unknown, duplex: string | undefined): OutgoingBody {
  if (body === null || body === undefined) return { content: null }
  if (typeof body === 'string') return { content: body, type: 'text/plain;charset=UTF-8' }
  if (body instanceof Uint8Array) return { content: body }
  if (body instanceof ArrayBuffer || body instanceof SharedArrayBuffer)
    return { content: new Uint8Array(body) }
  if (ArrayBuffer.isView(body))
    return { content: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) }
  if (body instanceof URLSearchParams)
    return { content: body.toString(), type: 'application/x-www-form-urlencoded;charset=UTF-8' }
  if (body instanceof Blob) return { content: body, type: body.type === '' ? undefined : body.type }
  // undici adds the content type of a form, since it chooses the boundary.
  if (isForm(body)) return { content: body as object as UndiciFormData }
  if (isAsyncIterable(body)) {
    if (duplex !== 'half') throw new TypeError("A body that is a stream needs duplex: 'half' beside it")
    return { content: isReadable(body) ? body : new UploadStream(body) }
  }
  throw new TypeError(
    'body must be a string, bytes, Blob, FormData, URLSearchParams, ReadableStream or async iterable; ' +
      `got ${describe(body)}`,
  )
}

/** Copies the current entries of a form into an object of undici's own class, which is loaded if needed. */
export async function copyForm(form: FormData): Promise<UndiciFormData> {
  const entries = [...form]
  const { undiciForm } = await import('../undici/undici-fetch.ts')
  return undiciForm(entries)
}

function describe(body: unknown): string {
  return typeof body === 'object' ? 'an object: pass it through JSON.stringify()' : `a ${typeof body}`
}

export function isForm(body: unknown): body is FormData {
  return (
    typeof body === 'object' && body !== null && Object.prototype.toString.call(body) === '[object FormData]'
  )
}

/** Whether the body is a Node stream. undici reads and destroys such a body itself. */
function isReadable(body: object): body is Readable {
  return 'pipe' in body
}

function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}
