/** Signs the requests of the client's own provider again: its keys may be short-lived, and its hooks are called for each attempt. */
export interface Signer {
  /** Names the function that makes the key, for all state that belongs to it; undefined when the key is a text. */
  readonly credential: string | undefined
  /** The body that the request was signed with. */
  readonly body: RequestInit['body']
  /**
   * @param body what is to be sent, when it is not the body that the request was signed with
   * @throws what the client's own functions throw
   */
  readonly sign: (body: RequestInit['body']) => Promise<SignedRequest>
}

export interface SignedRequest {
  readonly url: string
  readonly headers: Headers
  readonly body: RequestInit['body']
}
