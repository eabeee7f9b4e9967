/** Whether this is an error with this code. Errors made by another copy of this package count, too. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code
}
