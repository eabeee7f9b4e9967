import type { Readable } from 'node:stream'
import { FormData as UndiciFormData } from 'undici'
import { UploadStream } from './upload-stream.ts'

/** A request body as undici sends it. */
export interface OutgoingBody {
  readonly content: string | Uint8Array | Blob | UndiciFormData | Readable | UploadStream | null
  /** The `content-type` that goes with it unless the caller gives one. */
  readonly type?: string | undefined
}

/** Reads a body as fetch does; `duplex` is what the caller said about streaming. */
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
  if (isForm(body)) return { content: body instanceof UndiciFormData ? body : copyForm(body) }
  if (isAsyncIterable(body)) {
    if (duplex !== 'half') throw new TypeError("A body that is a stream needs duplex: 'half' beside it")
    return { content: isReadable(body) ? body : new UploadStream(body) }
  }
  throw new TypeError(
    'body must be a string, bytes, Blob, FormData, URLSearchParams, ReadableStream or async iterable; ' +
      `got ${describe(body)}`,
  )
}

function describe(body: unknown): string {
  return typeof body === 'object' ? 'an object: pass it through JSON.stringify()' : `a ${typeof body}`
}

/** The built-in FormData and undici's are two classes. Files stay where they are: nothing is read here. */
export function copyForm(form: FormData): UndiciFormData {
  const copy = new UndiciFormData()
  for (const [name, value] of form) {
    if (typeof value === 'string') copy.append(name, value)
    else copy.append(name, value, value.name)
  }
  return copy
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
