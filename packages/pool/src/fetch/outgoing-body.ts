import type { Readable } from 'node:stream'
import type { FormData as UndiciFormData } from 'undici'
import { UploadStream } from './upload-stream.ts'

/** A request body as undici sends it. */
export interface OutgoingBody {
  readonly content: string | Uint8Array | Blob | UndiciFormData | Readable | UploadStream | null
  /** The `content-type` that goes with it unless the caller gives one. */
  readonly type?: string | undefined
}

/** Reads a body as fetch does, a form as undici's own; `duplex` is what the caller said about streaming. */
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
  // undici adds the type of a form, as it makes up the boundary.
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

/** A form as it is now, of undici's own class, which is loaded for it if need be. */
export async function copyForm(form: FormData): Promise<UndiciFormData> {
  const entries = [...form]
  const { undiciForm } = await import('../undici/undici-form.ts')
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

/** undici reads and destroys Node's own streams by itself. */
function isReadable(body: object): body is Readable {
  return 'pipe' in body
}

function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}
