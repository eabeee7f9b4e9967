/** How an attempt ended that is not accepted as it stands. */
export interface Outcome {
  /** Whether `value` was thrown; else it is a result that may be refused. */
  readonly thrown: boolean
  readonly value: unknown
}

/** Releases what nobody will read: the body of a Response holds its connection until it is cancelled. */
export function letGo(value: unknown): void {
  const body = (value as { body?: { cancel?: () => Promise<void> } | null } | null | undefined)?.body
  if (typeof body?.cancel === 'function') body.cancel().catch(() => undefined)
}
