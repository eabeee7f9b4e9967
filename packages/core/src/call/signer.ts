import type { ReadonlyHeaders } from '../base/readonly-headers.ts'

/**
 * Signs the requests to the client's own provider again, for each attempt. This is needed because keys may be short-lived, and because the
 * user's hooks expect to be called for each attempt.
 */
export interface Signer {
  /** An id of the function that returns the key. It identifies the caller, since the keys may change. Undefined if the key is a string. */
  readonly credential: string | undefined
  /** The function that returns the key, if the request has no key yet: it is called for each attempt. */
  readonly key: (() => Promise<string>) | undefined
  /** Whether a hook of the user's client class takes part in signing. */
  readonly hasHooks: boolean
  /** The body of the request when it was signed first. */
  readonly body: RequestInit['body']
  /**
   * Signs the request again.
   * @param body the body to send, if it differs from the body that was signed first
   * @throws any error of the user's key function or hooks
   */
  readonly sign: (body: RequestInit['body']) => Promise<SignedRequest>
}

export interface SignedRequest {
  readonly url: string
  readonly headers: ReadonlyHeaders
  readonly body: RequestInit['body']
}
