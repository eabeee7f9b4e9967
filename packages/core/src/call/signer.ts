import type { ReadonlyHeaders } from '../base/readonly-headers.ts'

/** Signs requests to the client's own provider again, since keys may be short-lived and hooks expect to see each attempt. */
export interface Signer {
  /** Identifies the function that returns the key; undefined when the key is a string. */
  readonly credential: string | undefined
  /** The body that the request was signed with. */
  readonly body: RequestInit['body']
  /**
   * @param body the body to send, if it is not the one that was signed before
   * @throws whatever the client's own functions throw
   */
  readonly sign: (body: RequestInit['body']) => Promise<SignedRequest>
}

export interface SignedRequest {
  readonly url: string
  readonly headers: ReadonlyHeaders
  readonly body: RequestInit['body']
}
