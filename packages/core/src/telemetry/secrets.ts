import type { ReadonlyHeaders } from '../base/readonly-headers.ts'

/** The words in the name of a header or of a query parameter that suggest that its value is a secret. */
const SECRET_NAME = /auth|key|token|secret|password|credential|cookie|signature/i
/** The minimum length of a secret. Shorter values are parts of usual words. */
const MIN_LENGTH = 8
/** The maximum number of secrets of one call. Each request has few, and a call sends few requests. */
const MAX_SECRETS = 64
const REMOVED = '[removed]'

/** A field of a JSON text whose name says that its value is a secret, such as the credential of a remote tool. */
const SECRET_FIELD =
  /("(?:proxy-)?authorization"|"(?:x-)?(?:goog-)?api[-_]?key"|"(?:access|auth|authorization|bearer|refresh)_?token"|"(?:client_)?secret"|"password"|"cookie")(\s*:\s*)"(?:[^"\\]|\\.)*(?:"|$)/gi

/** The secrets of one call: its keys, whatever target they were sent to. */
export class CallSecrets {
  readonly #secrets = new Set<string>()

  /** Adds the secrets of a request: in its headers, and in the query of its URL. */
  addFrom({ headers, url }: { readonly headers: ReadonlyHeaders; readonly url: string }): void {
    for (const [name, value] of headers) if (SECRET_NAME.test(name)) this.#add(value)
    const query = url.indexOf('?')
    if (query < 0) return
    for (const [name, value] of new URLSearchParams(url.slice(query)))
      if (SECRET_NAME.test(name)) this.#add(value)
  }

  /** Removes the secrets from a text, also if a part of one is cut off at its end. */
  removedFrom(text: string): string {
    let clean = text
    for (const secret of this.#secrets) clean = withoutPartAtEnd(clean.replaceAll(secret, REMOVED), secret)
    return clean
  }

  /** Removes the secrets from the text of a request, and the values of fields whose name says that they are secrets. */
  removedFromRequest(text: string): string {
    return this.removedFrom(text.replace(SECRET_FIELD, `$1$2"${REMOVED}"`))
  }

  #add(value: string): void {
    // A value may begin with a scheme, such as `Bearer`.
    const secret = value.slice(value.lastIndexOf(' ') + 1)
    if (secret.length >= MIN_LENGTH && this.#secrets.size < MAX_SECRETS) this.#secrets.add(secret)
  }
}

function withoutPartAtEnd(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= MIN_LENGTH; length--)
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + REMOVED
  return text
}
