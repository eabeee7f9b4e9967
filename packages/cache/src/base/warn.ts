/** Emits a process warning for an error thrown by a hook of the user, where the error must not change the result of a call. */
export function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(String(error), 'HarborWarning')
}
