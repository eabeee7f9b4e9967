/** Whether a value is an error with this `code`, including one from another copy of this package. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code
}
