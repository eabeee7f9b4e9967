/** A client that makes one call after the other. */
export interface Contender {
  readonly name: string
  /** Its configuration, in words. */
  readonly setup: string
  start(given: Given): Started
}

export interface Given {
  readonly primaryURL: string
  readonly fallbackURL: string
  /** The longest wait, for all clients, in milliseconds. A client with a timeout per attempt may wait longer. */
  readonly timeoutMs: number
  /** The longest wait for one attempt, for clients that have such a timeout, in milliseconds. Undefined: their defaults. */
  readonly attemptMs?: number | undefined
}

export interface Started {
  /** Makes a call without a stream. */
  call(): Promise<string | null | undefined>
  /** Makes a call with a stream, and reads it to its end. */
  listen(): Promise<string>
  close?(): Promise<void>
}

export const apiKey = 'simulated'
export const model = 'gpt-4'
export const prompt = 'Say hello in five words.'
