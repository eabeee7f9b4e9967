/**
 * Reads a number in a request, such as an output limit. Some servers also take it as a text.
 * @returns undefined for anything but a finite number of at least 0
 */
export function requestedCount(value: unknown): number | undefined {
  const count = Number.parseFloat(value as string)
  return count >= 0 && count < Infinity ? count : undefined
}
