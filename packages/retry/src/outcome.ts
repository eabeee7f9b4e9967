/** Releases what nobody will read: the body of a Response holds its connection until it is cancelled. */
export function letGo(value: unknown): void {
  const body = (value as { body?: { cancel?: () => Promise<void> } | null } | null | undefined)?.body
  if (typeof body?.cancel === 'function') body.cancel().catch(() => undefined)
}
