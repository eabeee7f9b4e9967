/** Emits a process warning for an error that a user's function threw. Such an error must not change the result of a call. */
export function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(String(error), 'HarborWarning')
}
